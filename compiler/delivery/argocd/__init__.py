"""Delivery by Argo CD: the rendering plugin, and the applications that use it or the plain files."""
