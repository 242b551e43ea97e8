"""`tocsin incidents`, with the commands that other modules add to it."""

from __future__ import annotations

from router.cli.announcing import ANNOUNCING
from router.cli.exporting import export
from router.cli.incidents import incidents
from router.cli.responding import RESPONDING

__all__ = ["incidents"]

for command in (*RESPONDING, *ANNOUNCING, export):
    incidents.add_command(command)
