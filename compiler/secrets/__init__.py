"""Create and rotate credentials outside the compiled tree."""
