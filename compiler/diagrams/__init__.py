"""The graph of bindings as text and pictures, one format per file."""
