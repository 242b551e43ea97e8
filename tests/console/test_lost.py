"""Where no page is, or where one breaks: a page for people, with where to go; a problem for programs, as ever."""

from __future__ import annotations

import pytest

from router.console.schedules import Schedules
from router.console.visit import Visit
from tests.console.conftest import Console, said

READS = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    "path", ["/nowhere", "/incident", "/a/b/c", "/console.css", "/%00", "/<script>alert(1)</script>"]
)
def test_an_unknown_address_is_told_as_a_page(console: Console, path: str) -> None:
    """Also to whoever is not signed in: it says nothing that a stranger may not know."""
    answer = console.get(path, **READS)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    words = said(answer)
    assert "There is no page here" in words
    assert "What is open now" in words
    assert "script" not in answer.text.replace("/console.css", "")


@pytest.mark.parametrize(
    ("path", "near"), [("/delivery", "/deliveries"), ("/rule", "/rules"), ("/Agenda", "/agenda"), ("/zzz", None)]
)
def test_the_nearest_page_is_named(console: Console, path: str, near: str | None) -> None:
    """As the command line does for its words."""
    page = console.get(path, **READS).text
    assert ("Did you mean" in page) is (near is not None)
    assert near is None or f'Did you mean <a href="{near}">' in page


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/api/nowhere", 401), ("/static/nowhere.css", 404), ("/act", 405)]
)
def test_a_program_is_told_as_ever(console: Console, path: str, status: int) -> None:
    """As problem details; and the API so, whatever one says that one reads."""
    plainly = {} if path.startswith(("/nowhere", "/act")) else READS
    answer = console.get(path, **plainly)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_button_s_address_that_is_typed_says_so(console: Console) -> None:
    """With the methods it takes, for whoever looks behind it."""
    answer = console.get("/act", **READS)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "only takes what a button sends" in said(answer)


def test_a_form_that_is_too_long_is_told_as_a_page(console: Console) -> None:
    """In the console, and on the page behind a link."""
    for path in ("/act", "/sign-in", "/a/nonsense"):
        answer = console.press(path, {"do": "x" * 70_000}, **READS)
        assert answer.status_code in (413, 403), path
        assert answer.headers["content-type"].startswith("text/html"), path


def test_a_page_that_breaks_is_told_without_what_broke(
    console: Console, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log has why; whoever looks has a way on, and a program a problem."""

    async def breaks(_self: Schedules, _visit: Visit) -> None:
        raise ValueError("a secret detail")

    monkeypatch.setattr(Schedules, "show", breaks)
    answer = console.get("/schedules", **READS)
    assert answer.status_code == 500
    assert "Something broke here" in said(answer)
    assert "secret detail" not in answer.text
    assert console.get("/schedules").json()["detail"].startswith("Tocsin failed to answer")
    assert "ValueError" in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://127.0.0.1:8080/agenda?kind=step", "/agenda?kind=step"),
        ("https://elsewhere.example/agenda", None),
        ("http://127.0.0.1:8080//elsewhere.example", None),
        ("http://127.0.0.1:8080/\\elsewhere.example", None),
        ("http://127.0.0.1:8080/incidents/NOPE", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_a_refusal_leads_back_to_a_page_of_ours(console: Console, referer: str, back: str | None) -> None:
    """And nowhere else, whatever a browser says of where it came from; nor to itself."""
    page = console.get("/incidents/NOPE", Referer=referer, **READS)
    assert page.status_code == 404
    assert (">Back<" in page.text) is (back is not None)
    assert back is None or f'href="{back}">Back<' in page.text
    assert "elsewhere" not in page.text


def test_whoever_only_looked_is_not_told_that_nothing_was_done(console: Console) -> None:
    """A page that cannot be shown says that; a button that came to nothing says so as before."""
    page = console.get("/incidents/NOPE/runbook/none", **READS)
    assert page.status_code == 404
    console.is_down()
    (incident,) = console.store.incidents()
    page = console.get(f"/incidents/{incident.id}/runbook/none", **READS)
    assert (page.status_code, "This cannot be shown" in said(page)) == (404, True)
    assert "Nothing was done" not in said(page)
    assert "Nothing was done" not in said(console.get("/act", **READS))
    assert "Nothing was done" in said(console.press("/act", {"do": "explode"}, **READS))
