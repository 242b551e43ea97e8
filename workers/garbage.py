"""How often a process that lives long lets Python look for garbage: seldom, for it makes next to none."""

from __future__ import annotations

import gc

LOOKS_AFTER = 20_000
"""New objects after which Python looks for cycles among them: those of some hundred incidents."""


def spare_the_collector() -> None:
    """Keep Python from looking where no garbage is: what a process has built by now stays, and records make no cycles.

    By its own settings it looks through everything again and again in a storm: a fifth of an opening's time in a
    worker, a twentieth of a delivery's in a receiver.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(LOOKS_AFTER)
