"""Rules about the objects of an environment, one per file."""
