"""previous."""
