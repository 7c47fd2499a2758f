"""Create credentials outside the compiled tree: one provider per file."""
