"""Words that operators prepare as Markdown templates in `words/` of their folder: filled in, never sent by themselves.

Jinja2 in its sandbox: a template reaches the values it is given, and nothing of Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

import rules

PACKAGED = Path(rules.__path__[0]) / "default"
"""Where the words are that are shipped."""
LARGEST = 64 * 1024
"""Bytes of a template, and of what becomes of it."""
_HEADING = re.compile(r"^## +(.+?) *$", re.MULTILINE)


class Unfit(Exception):
    """The template cannot be used; the message says where and why."""


def filled(path: Path, values: Mapping[str, object]) -> dict[str, str]:
    """Heading -> text of the template, filled in. Raises Unfit, and OSError for a file that cannot be read."""
    if path.stat().st_size > LARGEST:
        raise Unfit(f"{path}: larger than {LARGEST // 1024} KiB")
    text = path.read_text(encoding="utf-8")
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    parts: list[str] = []
    size = 0
    try:
        for part in environment.from_string(text).generate(dict(values)):
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise Unfit(f"{path}: what becomes of it is larger than {LARGEST // 1024} KiB")
    except TemplateError as wrong:
        line = getattr(wrong, "lineno", None)
        raise Unfit(f"{path}{f':{line}' if line else ''}: {wrong.message}") from None
    except (ArithmeticError, LookupError, TypeError, ValueError, MemoryError, RecursionError) as wrong:
        raise Unfit(f"{path}: {type(wrong).__name__}") from None
    return _sections("".join(parts))


def _sections(text: str) -> dict[str, str]:
    found = list(_HEADING.finditer(text))
    ends = [*(each.start() for each in found[1:]), len(text)]
    return {each[1]: text[each.end() : end].strip() for each, end in zip(found, ends, strict=True)}
