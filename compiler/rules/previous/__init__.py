"""Rules that compare with the last compile, which is the tree on disk."""
