"""The running Tocsin that the tests of this folder ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.pretended import Tocsin, pretending


@pytest.fixture
def tocsin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tocsin]:
    """A Tocsin with two open incidents and one promise, that believes the token `right`."""
    with pretending(monkeypatch) as found:
        yield found
