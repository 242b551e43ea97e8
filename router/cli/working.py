"""`tocsin work`: a supervised worker for each lane, or the one of a lane."""

from __future__ import annotations

import click

from router.cli.session import Command, Session, pass_session
from router.cli.starting import folder_of, reachable, required, revealed, rules_of, to_work, workers
from workers import release, work
from workers.agenda import Lane
from workers.rulebook.reload import Live
from workers.watch.supervisor import Supervisor


@click.command("work", cls=Command)
@click.option("--lane", type=click.Choice([lane.value for lane in Lane]), help="Only this lane, in this process.")
@pass_session
def work_command(session: Session, lane: str | None) -> None:
    """Notify and escalate: a supervised process per lane. Needs REDIS_URL, TOCSIN_API_TOKEN and TOCSIN_SECRET."""
    settings = required(session.settings)
    folder = folder_of(settings, session.config, to_work)
    ruleset = rules_of(folder, settings)
    revealed(*to_work(ruleset))
    with reachable():
        if lane is not None:
            work.run(Lane(lane), settings, Live(ruleset), folder)
            return
        release.examine_at(settings.redis_url.get_secret_value() if settings.redis_url else "")
    Supervisor(workers(session, {})).run()
