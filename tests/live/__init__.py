"""Live tests: what compiles applies to a real API server, and works as real processes."""
