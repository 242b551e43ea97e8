"""What the YAML may say of incident channels and status pages, and what it hears when it is wrong."""

from __future__ import annotations

import pytest

from rules.event import Severity
from rules.reading.load import Ruleset, Wrong, load
from tests.world import RULES
from tests.world_of_pages import PAGES
from workers.channels import OPTIONS

WEBHOOK = 'slack: {type: slack, url: "${env:SLACK_WEBHOOK_URL}"}'
BOT = WEBHOOK.replace('}"}', '}", token: "${env:SLACK_BOT_TOKEN}"}')
OTHER = '  other: {type: slack, token: "${env:OTHER}", channel: C0OPS}\n'


AT = "rules.yaml:3:71: "
ADD = '(add token: "${env:SLACK_BOT_TOKEN}" to channels.slack)'


def wanting(said: str, *, slack: str = BOT, more: str = "") -> str:
    rules = RULES.replace("respond_within: 15m,", f"respond_within: 15m, incident_channel: {said},", 1)
    return rules.replace(WEBHOOK, slack).replace("channels:\n  slack", f"channels:\n{more}  slack", 1)


def read(text: str) -> Ruleset:
    return load({"rules.yaml": text}, channel_options=OPTIONS)


def complaints(text: str) -> list[str]:
    with pytest.raises(Wrong) as wrong:
        read(text)
    return [str(problem) for problem in wrong.value.problems]


@pytest.mark.parametrize(
    ("said", "more", "bot"),
    [("true", "", "slack"), ("slack", OTHER, "slack"), ("other", OTHER, "other"), ("false", "", None)],
)
def test_whose_bot_makes_the_channel(said: str, more: str, bot: str | None) -> None:
    """The only one there is, or the one that is named; frozen into the plan of the severity."""
    plans = read(wanting(said, more=more)).policy.plans
    assert plans[Severity.P1].incident_channel == bot
    assert plans[Severity.P2].incident_channel is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            wanting("true", slack=WEBHOOK),
            f"{AT}an incident's channel is made by a Slack bot, and no channel of type slack has a token {ADD}",
        ),
        (wanting("true", more=OTHER), f"{AT}several Slack bots could make it: other, slack (write other)"),
        (wanting("slakc"), "rules.yaml:3:71: 'slakc' is no channel of type slack with a token (did you mean slack?)"),
        (wanting("pager"), f"rules.yaml:3:71: 'pager' is no channel of type slack with a token {ADD}"),
    ],
)
def test_nobody_could_make_it(text: str, said: str) -> None:
    """Said where it stands, with what to write instead."""
    assert complaints(text) == [said]


def test_a_page_of_the_world_is_read_whole() -> None:
    """Its secrets stay references, and nothing is automatic unless it says so."""
    found = read(RULES + PAGES)
    public = found.config.status_pages["public"]
    assert (public.token, public.automatic, public.notify) == ("${env:STATUSPAGE_TOKEN}", False, True)
    assert all(not plan.publish for plan in found.policy.plans.values())


def test_automatic_is_of_p1_unless_it_says_otherwise() -> None:
    """`severities` names more."""
    automatic = PAGES.replace("page: kctbh9vrtdwd", "page: kctbh9vrtdwd\n    automatic: true")
    plans = read(RULES + automatic).policy.plans
    assert [name for name, plan in plans.items() if plan.publish == ("public",)] == ["P1"]
    more = automatic.replace("automatic: true", "automatic: true\n    severities: [P1, P2]")
    assert [name for name, plan in read(RULES + more).policy.plans.items() if plan.publish] == ["P1", "P2"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("    page: kctbh9vrtdwd\n", "", "public: a statuspage needs page"),
        (
            "type: statuspage",
            "type: statuspge",
            "found 'statuspge' (did you mean statuspage?)",
        ),
        ('token: "${env:STATUSPAGE_TOKEN}"', "token: abc123", "expected a reference like ${env:NAME}"),
        ("own: {type: webhook,", "own: {type: webhook, page: x,", "own: a webhook has no use for page"),
        ("  public:\n", "  our page:\n", "'our page' is no name for a status page"),
    ],
)
def test_what_is_wrong_with_a_page(before: str, after: str, said: str) -> None:
    """One sentence at its place; a literal secret is never repeated."""
    assert before in PAGES
    (complaint,) = complaints(RULES + PAGES.replace(before, after))
    assert said in complaint
    assert "abc123" not in complaint


def test_a_severity_cannot_page_the_world() -> None:
    """A status page is no channel."""
    text = RULES.replace("channels: [pager, slack, mail], fallback: [hook]", "channels: [public]") + PAGES
    assert any("there is no channel 'public'" in one for one in complaints(text))
