"""Where tests put what is synced to a disk and never outlives them: in memory where there is room, as fsync costs most.

What must survive a kill is tested with files on the disk: tests/processes, tests/chaos, tests/workers/test_spool.py.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROOM = 1 << 30
"""Bytes; a container may have 64 MiB there, which an append-only file fills."""


def in_memory() -> str | None:
    """A folder for temporary ones that is held in memory; None for the usual, on a disk."""
    shared = Path("/dev/shm")
    if shared.is_dir() and os.access(shared, os.W_OK | os.X_OK) and shutil.disk_usage(shared).free > ROOM:
        return str(shared)
    return None
