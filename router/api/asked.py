"""What every command of a person says through the API, whatever it asks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rules.commands import Command
from rules.oncall.roster import Roster

Line = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(min_length=1, max_length=4000)]


class Asked(BaseModel):
    """What every command says: who asks, and from where."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line
    via: Literal["api", "command line", "console", "slack"] = "api"

    def command(self, _roster: Roster) -> Command:
        """What it asks of the incident; the roster is for those that begin a new ladder."""
        raise NotImplementedError
