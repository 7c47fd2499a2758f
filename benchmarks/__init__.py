"""Benchmarks that anyone can run: the same work for platformc and for its peers."""
