"""The graph of bindings as text and pictures, one form per file."""
