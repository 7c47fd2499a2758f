"""Delivery by Argo CD: a plugin that renders the spec, and applications that use it or the plain
files.
"""
