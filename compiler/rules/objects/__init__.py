"""Rules about what an environment lowers to, one per file."""
