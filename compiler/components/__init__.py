"""The systems of a platform, one folder each; a folder is all that a new one takes."""
