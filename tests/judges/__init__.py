"""Programs of others that judge the output: run by `make judges`."""
