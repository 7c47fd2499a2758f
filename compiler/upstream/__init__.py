"""Know upstream systems: prerequisites, vendored releases, image digests, and the lock file."""
