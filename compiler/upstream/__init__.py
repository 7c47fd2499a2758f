"""Upstream systems: prerequisites, vendored releases, image digests, and the lock file."""
