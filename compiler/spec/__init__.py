"""The language of platform.yaml."""
