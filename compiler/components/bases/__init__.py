"""Servers that several component types share, one file per kind of server."""
