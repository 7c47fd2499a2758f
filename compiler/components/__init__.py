"""The systems of a platform, one folder each. A new system needs only its folder."""
