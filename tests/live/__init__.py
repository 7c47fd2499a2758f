"""Live tests: compiled objects apply to a real API server, and works as real processes."""
