"""Secrets that `tocsin up` makes when nobody has set them: kept in the data folder, readable by its owner only."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from workers.settings import Settings, read_settings

FILE = "secrets.json"
API_TOKEN = "TOCSIN_API_TOKEN"  # noqa: S105 - the variable's name
LINK_SECRET = "TOCSIN_SECRET"  # noqa: S105 - the variable's name


def load(data: Path) -> dict[str, str]:
    """What was made before, by the name of the environment variable; empty when nothing was."""
    try:
        found = json.loads((data / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def ensure(data: Path, names: Iterable[str]) -> dict[str, str]:
    """What was made before, and a new random secret for every further name; written back with mode 0600."""
    known = load(data)
    wanted = {name: known.get(name) or secrets.token_hex(16) for name in names}
    made = known | wanted
    if made != known:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(data / FILE, json.dumps(made, indent=2, sort_keys=True))
    return made


def complete(settings: Settings) -> Settings:
    """The settings, with the token and the link secret that `up` made where nobody has set them."""
    made = load(settings.data)
    missing = {
        field: made[name]
        for field, name in (("api_token", API_TOKEN), ("secret", LINK_SECRET))
        if not getattr(settings, field) and name in made
    }
    return read_settings(missing) if missing else settings


def _write(path: Path, text: str) -> None:
    # Created with its mode, not changed to it afterwards: there is no moment in which others could read it.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
