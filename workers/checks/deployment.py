"""When was something deployed last? `tocsin deployed` says so, or `POST /api/deployments` of a pipeline."""

from __future__ import annotations

from typing import cast

from rules.duration import show_duration
from rules.responding.triage import Found
from workers.checks.contract import CheckOptions, CheckType, Means, Said
from workers.plain import plain


class DeploymentOptions(CheckOptions):
    """The last one there was. It is always well: a deployment is no fault."""

    service: str | None = None
    """Only those of this service; by default of any."""


def look(options: CheckOptions, means: Means) -> Said:
    """Look it up."""
    service = cast(DeploymentOptions, options).service
    last = means.deployed(service)
    if last is None:
        return Said(found=Found.OK, text="no deployment known" + (f" of {service}" if service else ""))
    ago = show_duration(_about(max(0.0, means.now - last.at)))
    by = f" by {last.by}" if last.by else ""
    of = f"{last.service}, " if last.service and not service else ""
    return Said(found=Found.OK, text=plain(f"last deployment {ago} ago ({of}{last.what}{by})", 200))


def _about(seconds: float) -> float:
    """Seconds count only below a minute."""
    return seconds if seconds < 60 else seconds // 60 * 60


CHECK = CheckType(
    name="deployment",
    title="Last deployment",
    options=DeploymentOptions,
    look=look,
    within=1.0,
    named=False,
    setup="""\
    checks:
      deployed: {type: deployment, service: shop}

At the end of each deployment: `tocsin deployed 2.4.1 --service shop`, or

    curl -H "Authorization: Bearer $TOCSIN_API_TOKEN" -d '{"what": "2.4.1", "service": "shop"}' \\
      https://tocsin.example.com/api/deployments
""",
)
