"""The pages where the world is told, in memory: a Statuspage, an Instatus and a receiver of the operator's own."""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import urlsplit

import orjson

from workers.channels.contract import HttpRequest, Reply

PAGES = """
status_pages:
  public:
    type: statuspage
    page: kctbh9vrtdwd
    token: "${env:STATUSPAGE_TOKEN}"
    components: {checkout: 8kbf7d35c070, api: vtnh60py4yd7}
  own: {type: webhook, url: "${env:STATUS_URL}", secret: "${env:HOOK_SECRET}", components: {checkout: c1}}
"""


class Statuspage:
    """As much of its API v1 as is used: incidents of one page, made, changed, shown."""

    def __init__(self) -> None:
        self.incidents: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    def answer(self, request: HttpRequest) -> Reply:
        """What it answers to one request."""
        assert request.headers["authorization"] == "OAuth statuspage-token-of-the-stories"
        path = urlsplit(request.url).path.removeprefix("/v1/pages/kctbh9vrtdwd/incidents")
        said = orjson.loads(request.body)["incident"] if request.body else {}
        match request.method, path.strip("/"):
            case "GET", "":
                return _json(list(self.incidents.values())[::-1])
            case "GET", known:
                return _json(self.incidents[known])
            case "POST", "":
                made = f"p{next(self._numbers)}"
                self.incidents[made] = {"id": made, "shortlink": f"https://stspg.io/{made}", "updates": []}
                return self._change(made, said, 201)
            case "PATCH", known if known in self.incidents:
                return self._change(known, said, 200)
            case _:
                return Reply(status=404, body=b'{"error":"not found"}')

    def _change(self, known: str, said: dict[str, Any], status: int) -> Reply:
        assert len(said["name"]) <= 255
        incident = self.incidents[known]
        incident["updates"].append((said["status"], said["body"]))
        planned = ("scheduled_for", "scheduled_until", "impact_override")
        incident |= {key: said[key] for key in ("name", "status", "metadata", *planned) if key in said}
        incident["components"] = {**incident.get("components", {}), **said.get("components", {})}
        return _json(incident, status)

    @property
    def only(self) -> dict[str, Any]:
        """The one incident there."""
        (one,) = self.incidents.values()
        return one


def _json(said: Any, status: int = 200) -> Reply:
    return Reply(status=status, body=orjson.dumps(said))
