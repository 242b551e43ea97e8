"""What `tocsin incidents show` says of the response: status, roles, impact, the next update, the checklist."""

from __future__ import annotations

from router.cli.session import Session
from router.cli.times import Record, ahead, moment
from workers.plain import plain


def show_response(session: Session, incident: Record, now: float) -> None:
    """Status, roles, impact, the next update, and what must be so before it is closed."""
    for name, value in _facts(incident, now):
        session.line(f"  {name:<9}{value}")


def _facts(incident: Record, now: float) -> list[tuple[str, str]]:
    said, at = incident.get("response") or {}, incident.get("next_update")
    people = [f"{part} {plain(str(said[part]))}" for part in ("commander", "scribe") if said.get(part)]
    noticed = "users have noticed" if said.get("users_noticed") else ""
    impact = [plain(str(said[name])) for name in ("affected", "broken") if said.get(name)]
    facts = [
        ("status", str(incident.get("status") or "")),
        ("people", ", ".join(people)),
        ("impact", "; ".join([*impact, *([noticed] if noticed else [])])),
        ("update", f"due {moment(at)}, {ahead(at - now)}" if at else ""),
        ("closed", plain(f"not verified: {said['unverified']}") if said.get("unverified") else ""),
    ]
    return [(name, value) for name, value in facts if value]


def show_checklist(session: Session, incident: Record) -> None:
    """Each item with who ticked it."""
    items = incident.get("checklist") or []
    if not items or incident["state"] == "resolved":
        return
    left = sum(not one["done"] for one in items)
    session.line(f"Verify before it is resolved ({left} of {len(items)} left)" if left else "Verified", "bold")
    for one in items:
        done, ticked = "x" if one["done"] else " ", one.get("ticked")
        who = f"{plain(ticked['by'])}, {moment(ticked['at'])}" if ticked else plain(one["said"])
        session.line(f"  {one['number']}. [{done}] {plain(one['text'])}" + (f" ({who})" if who else ""))
    if left:
        steps = f"; the runbook's steps: tocsin runbook {incident['id']}" if incident.get("runbook") else ""
        session.line(f"  When one is so: tocsin incidents tick {incident['id']} NUMBER{steps}")
