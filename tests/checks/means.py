"""What a check is given in tests: an outside of its own, and a clock that is driven."""

from __future__ import annotations

from typing import Any

from tests.outside import Outside
from workers.checks.contract import CheckType, Means, Said
from workers.triage.deployments import Deployment

NOW = 1_772_442_000.0


class Ticks:
    """Each look at it is so many seconds later."""

    def __init__(self, step: float = 0.3) -> None:
        self.at, self.step = 0.0, step

    def __call__(self) -> float:
        """A later time."""
        self.at += self.step
        return self.at


def looked(check: CheckType, outside: Any = None, **given: Any) -> Said:
    """One look with these options; what begins with `means_` is what it is given."""
    means = {name.removeprefix("means_"): given.pop(name) for name in list(given) if name.startswith("means_")}
    defaults: dict[str, Any] = {
        "outside": outside or Outside(lambda: NOW),
        "within": check.within,
        "now": NOW,
        "timer": Ticks(),
        "environment": None,
        "deployed": lambda _: None,
    }
    return check.look(check.options.model_validate(given), Means(**{**defaults, **means}))


def deployment(**given: Any) -> Deployment:
    """Version 2.4.1, twelve minutes ago."""
    return Deployment(**{"at": NOW - 725, "what": "2.4.1", **given})
