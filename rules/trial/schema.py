"""The shape of a `*.test.yaml` as a JSON Schema (draft 2020-12), for editors; what takes two keys `test` says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rules.reading.glossary import GLOSSARY as OF_RULES
from rules.reading.schema import DRAFT, AsWritten, describe, tidy
from rules.trial.acts import ACTS
from rules.trial.glossary import GLOSSARY
from rules.trial.written import Stories

_SHORT = ("acknowledge", "mitigate", "resolve", "tick", "lift")
"""A name alone says who."""


def schema_of_tests(samples: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """The whole schema; `samples` are the names of the packaged bodies by type of source."""
    made = Stories.model_json_schema(schema_generator=AsWritten)
    defs: dict[str, Any] = made["$defs"]
    for name, described in {**GLOSSARY, "Condition": OF_RULES["Condition"]}.items():
        describe(made if name == "Stories" else defs[name], described)
    step = defs["Step"]
    step["oneOf"] = [{"required": [act]} for act in ACTS]
    for word in _SHORT:
        step["properties"][word]["anyOf"].append({"type": "string"})
    full = [f"{kind}/{name}" for kind, names in samples.items() for name in names]
    step["properties"]["sample"]["anyOf"] = [{"enum": [*full, *sorted({one.split("/")[1] for one in full})]}]
    told = defs["Expect"]["properties"]["told"]
    described = told.pop("description")
    defs["Expect"]["properties"]["told"] = {"anyOf": [told, {"const": "nobody"}], "description": described}
    whole = {
        "$schema": DRAFT,
        "title": "Tests of rules of Tocsin",
        **{key: made[key] for key in made if key != "$defs"},
    }
    tidied: dict[str, Any] = tidy(_without_null({**whole, "$defs": dict(sorted(defs.items()))}))
    return tidied


def _without_null(part: Any) -> Any:
    """A key of a test is there with a value, or it is not there."""
    if isinstance(part, list):
        return [_without_null(each) for each in part if each != {"type": "null"}]
    if isinstance(part, dict):
        return {key: _without_null(value) for key, value in part.items()}
    return part
