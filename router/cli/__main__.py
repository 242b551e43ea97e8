"""`python -m router.cli`: how the supervisor starts processes of its own kind."""

from router.cli import main

main(prog_name="tocsin")
