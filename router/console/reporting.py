"""`/report`: somebody who is no engineer says what is wrong, in five fields, and sees what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from router.accounts.audit import What
from router.answering.answer import standing
from router.api.commands import Report
from router.api.reporting import report, signal_of
from router.console.coming import coming, name_of, whom
from router.console.routes import Page
from router.console.visit import Visit
from router.context import Context
from rules.duration import show_duration
from rules.event import Severity
from rules.incident import Incident, State
from rules.reading.config import Config
from workers.plain import is_web, plain

LONGEST = 200
"""Characters of a field."""

BADNESS = (
    (Severity.P1, "Nobody can use it, nobody can pay, or data is getting out"),
    (Severity.P2, "Many people cannot do something important"),
    (Severity.P3, "Something does not work, but there is a way around it"),
    (Severity.P4, "It only looks wrong"),
)
"""How bad it is, as somebody sees it who has never heard of severities."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to how bad it is."""

    value: str
    words: str
    means: str
    """What happens then."""


class Reporting:
    """The form, and the page that says what has come of it. Whoever may look may report."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/report", "GET", self.ask),
            Page("/report", "POST", self.take),
            Page("/report/{id}", "GET", self.show),
        ]

    async def ask(self, visit: Visit) -> Response:
        """GET: the five fields."""
        return self._form(visit, {})

    async def take(self, visit: Visit) -> Response:
        """POST: it is kept, and becomes an incident; what is missing is said beside the form, which keeps the rest."""
        if not plain(visit.form.get("summary", "")):
            return self._form(visit, visit.form, "Please say in one line what is wrong.")
        if visit.form.get("severity", "") not in ("", *(one.value for one in Severity)):
            return self._form(visit, visit.form, "Please choose how bad it is, or that you cannot tell.")
        asked = Report.model_validate(_said(visit.form) | {"reporter": visit.visitor.name})
        done = await report(self._context, asked)
        await visit.audited(What.REPORTED, asked.summary)
        if done.suppressed:
            text = f"Your report is kept, but by the rules nobody is told of it now: {done.suppressed}"
            return visit.back("/report", text, wrong=True)
        return RedirectResponse(f"/report/{done.incident or done.received.id}", 303)

    async def show(self, visit: Visit) -> Response:
        """GET: whether somebody has it, and what happens next."""
        part = visit.request.path_params["id"]
        incident = await run_in_threadpool(self._find, part)
        config = self._context.in_force.ruleset.config
        if incident is None:
            return visit.page("reported.html", incident=None, call=_on_call(config, visit.now))
        return visit.page(
            "reported.html",
            incident=incident,
            has=_has(config, incident),
            standing=standing(incident, visit.now),
            coming=coming(incident, config),
            within=_within(config, incident.severity),
            told=_told(config, incident),
        )

    def _find(self, part: str) -> Incident | None:
        """By its own id, or by that of the delivery that reported it."""
        store = self._context.store
        return store.incident(part) or store.incident(store.holder(signal_of(self._context, part)) or "")

    def _form(self, visit: Visit, tried: Mapping[str, str], wrong: str = "") -> Response:
        config = self._context.in_force.ruleset.config
        choices = [Choice(one.value, words, _within(config, one)) for one, words in BADNESS]
        choices.append(Choice("", "I cannot tell", "the rules decide by what is wrong"))
        return visit.page(
            "report.html", 422 if wrong else 200, choices=choices, tried=tried, wrong=wrong, longest=LONGEST
        )


def _said(form: Mapping[str, str]) -> dict[str, str]:
    """The fields that were filled in, as the API would have them."""
    link = form.get("reference", "").strip()
    said = {name: form.get(name, "").strip()[:LONGEST] for name in ("summary", "severity", "affected", "since")}
    said["url" if is_web(link) else "reference"] = link if is_web(link) else link[:LONGEST]
    return {name: text for name, text in said.items() if text}


def _on_call(config: Config, now: float) -> str:
    """Whom to call when nothing else works: who answers a P1 first."""
    rows = (row.responder for row in config.escalation if row.severity is Severity.P1)
    first = next(rows, None) or config.severities[Severity.P1].first_responder or "whoever is on call"
    return whom(config, first, None, now)


def _within(config: Config, severity: Severity) -> str:
    plan = config.severities.get(severity)
    if plan is None:
        return ""
    return f"answered within {show_duration(plan.respond_within)}" + (", in working hours" if plan.hours else "")


def _has(config: Config, incident: Incident) -> str | None:
    """Who has it, as people call them."""
    who = incident.assignee or incident.acknowledged_by
    return name_of(config, who) if who and incident.state is not State.TRIGGERED else None


def _told(config: Config, incident: Incident) -> list[str]:
    """Who has been told so far, each once."""
    return list(dict.fromkeys(name_of(config, one.person) if one.person else one.role for one in incident.told))
