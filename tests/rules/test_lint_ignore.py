"""`# tocsin: ignore[code]`: a finding that is meant so is silenced where it stands, and nowhere else."""

from __future__ import annotations

import pytest

from tests.rules.clean import CLEAN, found

SINGLE = CLEAN.replace("fallback: [mail]}", "fallback: [slack]}", 1).replace(
    "  mail: {type: mail, host: localhost, sender: tocsin@example.com}\n", ""
)
LINE = SINGLE.splitlines()[1]


def codes(text: str) -> list[str | None]:
    """The codes of what is found."""
    return [one.code for one in found(text)]


def test_without_a_comment_it_is_found() -> None:
    """The line that the tests below speak of."""
    assert codes(SINGLE) == ["single-channel"]


@pytest.mark.parametrize(
    "remark",
    [
        "{line}  # tocsin: ignore[single-channel]",
        "{line} #tocsin:ignore[single-channel]",
        "{line}  # tocsin: ignore[single-channel] the pager costs too much",
        "  # tocsin: ignore[single-channel]\n{line}",
        "  # tocsin: ignore[ single-channel ]\n\n  # what it costs is known\n{line}",
    ],
)
def test_a_comment_silences_its_line(remark: str) -> None:
    """At the end of the line, or alone before it; what else the comment says does not matter."""
    assert codes(SINGLE.replace(LINE, remark.format(line=LINE))) == []


@pytest.mark.parametrize(
    ("remark", "message"),
    [
        ("{line}\n  # tocsin: ignore[single-channel]", "this ignores nothing: there is no single-channel at line 4"),
        ("# tocsin: ignore[single-channel]\n", None),
        ("{line}  # tocsin: ignore[unused]", "this ignores nothing: there is no unused at line 2"),
        ("{line}  # tocsin: ignore[single-chanel]", "there is no finding 'single-chanel'"),
        ("{line}  # tocsin: ignore", "this does not say which finding to ignore"),
        ("{line}  # tocsin: ignore[]", "this does not say which finding to ignore"),
    ],
)
def test_a_comment_that_silences_nothing_is_a_finding(remark: str, message: str | None) -> None:
    """Another line, another code, a misspelt one: both the finding and the comment are told."""
    if message is None:
        text = remark + SINGLE
        message = "this ignores nothing: there is no single-channel at line 2"
    else:
        text = SINGLE.replace(LINE, remark.format(line=LINE))
    said = {one.code: one.message for one in found(text)}
    assert said.keys() == {"single-channel", "needless-ignore"}
    assert said["needless-ignore"] == message


def test_several_codes_stand_in_one_comment() -> None:
    """Separated by commas; the one that is not there is told."""
    text = SINGLE.replace(LINE, f"{LINE}  # tocsin: ignore[single-channel, unused]")
    assert codes(text) == ["needless-ignore"]


@pytest.mark.parametrize(
    "means",
    [
        "'Outage # tocsin: ignore[single-channel]'",
        '"Outage # tocsin: ignore[single-channel]"',
        "Outage#tocsin:ignore[single-channel]",
    ],
)
def test_text_that_only_looks_like_a_comment_is_none(means: str) -> None:
    """In quotes, or without a space before the '#', it is what the operator says to people."""
    text = SINGLE.replace("{means: Outage,", f"{{means: {means},")
    if means.startswith("Outage"):
        text = SINGLE.replace(LINE, f"  P1:\n    means: {means}\n    respond_within: 15m\n    channels: [slack]")
    assert codes(text) == ["single-channel"]


def test_a_block_of_text_is_no_comment() -> None:
    """What stands in a block scalar is read to people; a comment after it is one."""
    block = "  P1:\n    means: |\n      Outage\n      # tocsin: ignore[single-channel]\n    respond_within: 15m\n"
    text = SINGLE.replace(LINE, f"{block}    channels: [slack]")
    assert codes(text) == ["single-channel"]
    assert codes(text.replace("    channels", "    # tocsin: ignore[single-channel]\n    channels")) == []
