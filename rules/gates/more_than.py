"""`more_than` of a rule: what its gate counts, adds up or compares, and what is wrong with how it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from rules.decision import Gate
from rules.gates.amount import CURRENCIES, ONE, parse_amount
from rules.match import listed
from rules.reading.fields import Duration, FieldName
from rules.reading.problem import Misplaced, nearest

LONGEST_USUAL = 86400.0
"""Seconds that `times_usual` may look back: what is usual is known by the hour of the week."""

_BELONGS = {"over": "sum", "currency": "sum", "at_least": "times_usual"}
"""A word that says something only beside another."""


def _amount(text: str) -> str:
    if parse_amount(text) is None:
        raise ValueError(f"expected a number like 500 or 499.90, found '{text}'")
    return text.strip()


def _times(text: str) -> str:
    times = parse_amount(text)
    if times is None or not ONE < times <= 1000 * ONE:
        raise ValueError(f"expected how many times, above 1 and at most 1000, like 5 or 2.5, found '{text}'")
    return text.strip()


def _label(name: str) -> str:
    if not name.startswith("labels.") or name == "labels.":
        hint = f"; did you mean labels.{name}?" if re.fullmatch(r"[A-Za-z_][\w.-]*", name, re.ASCII) else ""
        raise ValueError(f"expected the label to add up, like labels.amount, found '{name}'{hint}")
    return name


def _currency(code: str) -> str:
    if code.upper() not in CURRENCIES:
        hint = nearest(code, sorted(CURRENCIES))
        raise ValueError(f"there is no currency '{code}'; expected its code, like EUR" + (f"; {hint}" if hint else ""))
    return code.upper()


Amount = Annotated[
    str,
    AfterValidator(_amount),
    WithJsonSchema(
        {"type": ["string", "number"], "pattern": r"^\+?[0-9]{1,15}(\.[0-9]{1,9})?$", "examples": ["499.90"]}
    ),
]
"""A decimal, exactly as it is written."""
Times = Annotated[
    str,
    AfterValidator(_times),
    WithJsonSchema({"type": ["string", "number"], "pattern": r"^[0-9]{1,4}(\.[0-9]{1,9})?$", "examples": [5, 2.5]}),
]
"""How many times, above 1."""
Label = Annotated[
    str,
    AfterValidator(_label),
    WithJsonSchema({"type": "string", "pattern": r"^labels\..+$", "examples": ["labels.amount"]}),
]
"""A label of an event."""
Currency = Annotated[
    str,
    AfterValidator(_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{3}$", "examples": ["EUR"]}),
]
"""A code of ISO 4217, upper or lower case alike; held in upper case."""


class MoreThan(BaseModel):
    """A gate: open only when more than `count` events fall `within` a time; or a `sum` is over; or it is unusual."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int | None = Field(default=None, ge=1)
    sum: Label | None = None
    """The label whose values are added up; opens above `over`. Each currency (`labels.currency`) by itself."""
    over: Amount | None = None
    currency: Currency | None = None
    """Only amounts in this one are added up."""
    times_usual: Times | None = None
    """Opens above so many times what is usual in this hour of the week, and never below `at_least` events."""
    at_least: int | None = Field(default=None, ge=1)
    within: Duration
    quiet_for: Duration = 15 * 60.0
    per: Annotated[list[FieldName], BeforeValidator(listed)] = []
    """Count separately for each value of these fields (`source`, `kind`, `labels.user`)."""
    distinct: FieldName | None = None
    """Events with the same value of this field count once: the same payment, reported as a charge and as an intent."""

    def gate(self, key: str, currency: str = "") -> Gate:
        """The gate with this key, before an event says what it counts as or adds."""
        return Gate(
            key=key,
            # A gate that compares counts too: at least so many is more than one less.
            count=self.count if self.count is not None else (self.at_least or 1) - 1,
            within=self.within,
            quiet_for=self.quiet_for,
            over=self.over,
            currency=currency,
            times=self.times_usual,
        )

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        measures = [name for name in ("count", "sum", "times_usual") if getattr(self, name) is not None]
        if not measures:
            raise ValueError("expected count, sum or times_usual: what opens it")
        if len(measures) > 1:
            raise Misplaced(measures[1], f"{' and '.join(measures)} are {len(measures)} gates; keep one of them")
        for wrong in self._wrong(measures[0]):
            raise wrong
        return self

    def _wrong(self, measure: str) -> Iterator[ValueError]:
        """What does not go with the measure, or what it lacks."""
        for name, of in _BELONGS.items():
            if of != measure and getattr(self, name) is not None:
                yield Misplaced(name, f"{name} belongs to {of}, and this gate has {measure}")
        if measure == "sum" and self.over is None:
            yield Misplaced("sum", "sum needs 'over': above how much it opens, like over: 500")
        if measure == "times_usual":
            if self.at_least is None:
                message = "times_usual needs 'at_least': fewer than that are never worth a call, like at_least: 20"
                yield Misplaced("times_usual", message)
            if self.within > LONGEST_USUAL:
                yield Misplaced("within", "with times_usual at most 1d: what is usual is known by the hour")
