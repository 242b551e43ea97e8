"""The command line: one module per group of commands, listed here by hand."""

from __future__ import annotations

import click

from router.cli.session import Place, Root

SECTIONS = {
    "Answer": {
        "incidents": Place("every_incident:incidents", "what is open: show, take, snooze, escalate, resolve"),
        "runbook": Place("runbook:runbook", "work through an incident's runbook, step by step"),
        "report": Place("reporting:report", "open an incident by hand"),
        "oncall": Place("oncall:oncall", "who is on call, now and next"),
        "silence": Place("silencing:silence", "tell nobody of some things for a while"),
        "maintenance": Place("maintenance:maintenance", "work on something without waking anybody"),
        "postmortem": Place("postmortems:postmortem", "what an incident leaves to be written and done"),
    },
    "Watch": {
        "pending": Place("pending:pending", "the agenda: what will be done, for whom, in how long"),
        "deliveries": Place("deliveries:deliveries", "what was received, and what was made of it"),
        "notifications": Place("notifications:notifications", "what was sent to whom, and what was answered"),
        "numbers": Place("numbers:numbers", "how soon incidents were answered, what makes noise"),
        "checks": Place("looking:checks", "what Tocsin looks at by itself; look now"),
        "deployed": Place("looking:deployed", "write down what is running from now on"),
    },
    "Edit the rules": {
        "init": Place("rules:init", "copy the packaged rules to a folder of yours"),
        "check": Place("checking:check", "every mistake in the rules, with its place and a way out"),
        "test": Place("trying:trying", "try the rules on their stories: *.test.yaml"),
        "explain": Place("explaining:explain", "which rule decides, why, and who is told when"),
        "replay": Place("replay:replaying", "what new rules had made of the deliveries of late"),
        "reload": Place("reloading:reload", "have the running Tocsin read its rules again"),
        "schema": Place("schema:schema", "the JSON Schema of the rules, for editors"),
    },
    "Connect": {
        "sources": Place("sources:sources", "the address to paste at each sender, and how"),
        "send": Place("sending:send", "send a signed sample, as a sender would"),
        "channels": Place("notifications:channels", "ask whether a way out works"),
        "accounts": Place("accounts:accounts", "who may sign in, and the tokens of the API"),
    },
    "Run it": {
        "up": Place("up:up", "everything in one terminal, with a Valkey of its own"),
        "serve": Place("serving:serve_command", "receive deliveries, answer people"),
        "work": Place("working:work_command", "notify and escalate: a process per lane"),
        "doctor": Place("doctor:doctor", "what is wrong with settings, rules, Redis, processes"),
        "backup": Place("keeping:backup", "write all that is kept into a file"),
        "restore": Place("keeping:restore", "put back what `tocsin backup` wrote"),
    },
}
"""Every command of `tocsin` as its help lists them, where it is, and its line there. A new one is a row here.

Only the module of the command that was typed is imported, and for the list none: to acknowledge a page takes half the
time of importing all.
"""


@click.group(cls=Root, sections=SECTIONS, context_settings={"help_option_names": ["-h", "--help"]})
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
