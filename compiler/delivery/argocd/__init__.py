"""Deliver by Argo CD: a plugin renders the spec, and applications use it or the plain files."""
