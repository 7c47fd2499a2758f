"""`python -m compiler` is `platformc`."""

from compiler.cli import main

main()
