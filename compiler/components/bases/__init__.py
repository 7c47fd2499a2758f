"""What several component types lower to alike: one file per kind of server."""
