"""The commands of the command line, one per file; each has a click command named `command`."""
