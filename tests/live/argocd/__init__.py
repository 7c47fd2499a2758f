"""Argo CD's own plugin server over this compiler."""
