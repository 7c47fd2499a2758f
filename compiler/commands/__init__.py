"""The commands of the command line; the module of a command has a click command named `command`."""
