"""The field's rules about whole platforms, one per file."""
