"""Rules that compare with the tree of the last compile, one per file."""
