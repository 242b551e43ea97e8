"""Placeholder until the field table lands."""

from pydantic import BaseModel, ConfigDict


class Condition(BaseModel):
    """What a rule asks of an event."""

    model_config = ConfigDict(extra="forbid", frozen=True)
