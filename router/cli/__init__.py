"""The command line: one module per group of commands, listed here by hand."""

from __future__ import annotations

import click

from router.cli.session import Root

COMMANDS = {
    "init": "rules:init",
    "check": "checking:check",
    "schema": "schema:schema",
    "explain": "explaining:explain",
    "test": "trying:trying",
    "replay": "replay:replaying",
    "send": "sending:send",
    "incidents": "every_incident:incidents",
    "pending": "pending:pending",
    "report": "reporting:report",
    "postmortem": "postmortems:postmortem",
    "runbook": "runbook:runbook",
    "deliveries": "deliveries:deliveries",
    "sources": "sources:sources",
    "notifications": "notifications:notifications",
    "channels": "notifications:channels",
    "checks": "looking:checks",
    "deployed": "looking:deployed",
    "silence": "silencing:silence",
    "oncall": "oncall:oncall",
    "maintenance": "maintenance:maintenance",
    "accounts": "accounts:accounts",
    "numbers": "numbers:numbers",
    "doctor": "doctor:doctor",
    "reload": "reloading:reload",
    "backup": "keeping:backup",
    "restore": "keeping:restore",
    "up": "up:up",
    "serve": "serving:serve_command",
    "work": "working:work_command",
}
"""Every command of `tocsin`, and where it is: a module of this folder and a name in it. A new one is a row here.

Only the module of the command that was typed is imported: to acknowledge a page takes half the time of importing all.
"""


@click.group(cls=Root, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tocsin", message="tocsin %(version)s")
def main() -> None:
    """Tocsin hears your monitors, decides how bad it is, and tells people until somebody answers.

    \b
    Exit codes:
      0  it is as you asked, now or already
      1  something was found, is not there, or stands in the way
      2  asked wrongly: a word, an option, a value, a setting or the token
      3  nobody answered
    With -o json a failure is one JSON object with error and hint, on stderr.
    """
