"""Helpers of several test files: scenarios, the corpus of mistakes, models of a cluster, programs."""
