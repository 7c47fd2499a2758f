"""How credentials come to exist outside the compiled tree: one provider per file."""
