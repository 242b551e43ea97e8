"""The shape of the YAML as a JSON Schema (draft 2020-12), for editors and other tools.

Each file of a folder is one part of the whole, so no top-level key is required. What needs more than one key to be seen
(a name that leads nowhere, a chain that breaks) only `tocsin check` sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from rules.duration import show_duration
from rules.event import Severity
from rules.match import listed
from rules.reading.config import Config
from rules.reading.glossary import GLOSSARY
from rules.responding import checklists

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = ["string", "number", "boolean"]
"""A scalar is text here, whatever other readers of YAML take it for: `12:30`, `1e3`, `no`."""


class AsWritten(GenerateJsonSchema):
    """What may be written, where pydantic's own would say what is held."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """A pattern is of text in quotes or out of them; any other text may look like a number."""
        made = super().str_schema(schema)
        return made if "pattern" in made else {**made, "type": _TEXT}

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """A single value may stand for a list of one."""
        inner = super().function_before_schema(schema)
        if schema["function"]["function"] is checklists.written:
            return {"anyOf": [{"type": _TEXT}, inner]}
        branches = inner.get("anyOf", [inner])
        array = next((one for one in branches if "items" in one), None)
        if schema["function"]["function"] is not listed or array is None:
            return inner
        others = [one for one in branches if one is not array]
        return {"anyOf": [array["items"], {"type": "array", "items": array["items"]}, *others]}

    def datetime_schema(self, _schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        """With a space or a T, with an offset or without."""
        return {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$",
            "examples": ["2026-12-24 09:00"],
        }

    def date_schema(self, _schema: core_schema.DateSchema) -> JsonSchemaValue:
        """A day."""
        return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$", "examples": ["2026-12-24"]}

    def field_title_should_be_set(self, _schema: Any) -> bool:
        """The key says it already."""
        return False


def schema(
    sources: Mapping[str, type[BaseModel]],
    channels: Mapping[str, type[BaseModel]],
    checks: Mapping[str, type[BaseModel]],
) -> dict[str, Any]:
    """The whole schema; the options of each type of source, channel and check are one branch of a union."""
    made = Config.model_json_schema(schema_generator=AsWritten)
    defs: dict[str, Any] = made["$defs"]
    for name, described in GLOSSARY.items():
        describe(made if name == "Config" else defs[name], described)
    measures = (["count"], ["sum", "over"], ["times_usual", "at_least"])
    defs["MoreThan"]["oneOf"] = [{"required": each} for each in measures]
    defs["Becomes"]["oneOf"] = [{"required": ["severity"]}, {"required": ["false_positive"]}]
    defs["Role"]["oneOf"] = [{"required": ["schedule"]}, {"required": ["person"]}]
    made["properties"]["sources"]["additionalProperties"] = _union(defs, "Source", defs.pop("SourceConfig"), sources)
    made["properties"]["channels"]["additionalProperties"] = _union(
        defs, "Channel", defs.pop("ChannelConfig"), channels
    )
    made["properties"]["checks"]["additionalProperties"] = _union(defs, "Check", defs.pop("CheckConfig"), checks)
    made["properties"]["severities"]["propertyNames"] = {"enum": [each.value for each in Severity]}
    made.pop("required")
    whole = {"$schema": DRAFT, "title": "Rules of Tocsin", **{key: made[key] for key in made if key != "$defs"}}
    tidied: dict[str, Any] = tidy({**whole, "$defs": dict(sorted(defs.items()))})
    return tidied


def describe(model: dict[str, Any], described: Mapping[str, str]) -> None:
    """Each key of a model with its sentence, which editors show."""
    for key, words in described.items():
        model["properties"][key]["description"] = words


def _union(defs: dict[str, Any], of: str, shared: dict[str, Any], types: Mapping[str, type[BaseModel]]) -> Any:
    """One branch for each type: the shared keys, its own options, and nothing else."""
    branches = []
    for name, options in types.items():
        own = options.model_json_schema(schema_generator=AsWritten, ref_template=f"#/$defs/{of}.{name}.{{model}}")
        defs.update({f"{of}.{name}.{inner}": each for inner, each in own.pop("$defs", {}).items()})
        branch: dict[str, Any] = {
            "type": "object",
            "description": own.get("description", ""),
            "properties": {
                **shared["properties"],
                "type": {"const": name, "description": shared["properties"]["type"]["description"]},
                **own.get("properties", {}),
            },
            "required": ["type", *own.get("required", [])],
            "additionalProperties": False,
        }
        if of == "Source" and name != "manual":
            branch["anyOf"] = [{"required": [proof]} for proof in ("secret", "token", "unsigned")]
        defs[f"{of}.{name}"] = branch
        branches.append({"$ref": f"#/$defs/{of}.{name}"})
    return {"type": "object", "required": ["type"], "oneOf": branches}


def tidy(part: Any) -> Any:
    """Without defaults that say nothing, with durations as people write them, and lengths where the lists are."""
    if isinstance(part, list):
        return [tidy(each) for each in part]
    if not isinstance(part, dict):
        return part
    tidied: dict[str, Any] = {}
    for key, value in part.items():
        tidied[key] = {name: tidy(each) for name, each in value.items()} if key in _OF_NAMES else tidy(value)
    if "minLength" in tidied and "anyOf" in tidied:
        least = tidied.pop("minLength")
        tidied["anyOf"] = [{**each, "minItems": least} if "items" in each else each for each in tidied["anyOf"]]
    default = tidied.pop("default", None)
    if isinstance(default, float):
        default = show_duration(default)
    return tidied if default is None or isinstance(default, dict | list) else {**tidied, "default": default}


_OF_NAMES = frozenset({"properties", "$defs"})
"""What stands in these are names, and each has a schema of its own."""
