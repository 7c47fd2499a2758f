"""Rules about whole platforms, one per file."""
