"""The command line: one module per group of commands, listed here by hand."""

from __future__ import annotations

import click

from router.cli.accounts import accounts
from router.cli.announcing import ANNOUNCING
from router.cli.checking import check
from router.cli.deliveries import deliveries
from router.cli.doctor import doctor
from router.cli.explaining import explain
from router.cli.exporting import export
from router.cli.incidents import incidents
from router.cli.keeping import backup, restore
from router.cli.looking import checks, deployed
from router.cli.maintenance import maintenance
from router.cli.notifications import channels, notifications
from router.cli.numbers import numbers
from router.cli.oncall import oncall
from router.cli.pending import pending
from router.cli.postmortems import postmortem
from router.cli.reloading import reload
from router.cli.replay import replaying
from router.cli.reporting import report
from router.cli.responding import RESPONDING
from router.cli.rules import init
from router.cli.run import serve_command, work_command
from router.cli.runbook import runbook
from router.cli.schema import schema
from router.cli.sending import send
from router.cli.session import Root
from router.cli.silencing import silence
from router.cli.sources import sources
from router.cli.trying import trying
from router.cli.up import up

COMMANDS: tuple[click.Command, ...] = (
    init,
    check,
    schema,
    explain,
    trying,
    replaying,
    send,
    incidents,
    pending,
    report,
    postmortem,
    runbook,
    deliveries,
    sources,
    notifications,
    channels,
    checks,
    deployed,
    silence,
    oncall,
    maintenance,
    accounts,
    numbers,
    doctor,
    reload,
    backup,
    restore,
    up,
    serve_command,
    work_command,
)
"""Every command of `tocsin`; a new one is its module and a name here."""


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
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


for command in COMMANDS:
    main.add_command(command)
for command in (*RESPONDING, *ANNOUNCING, export):
    incidents.add_command(command)
