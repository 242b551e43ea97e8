"""The runbooks that are shipped, held against the house's own incident runbook, line by line."""

from __future__ import annotations

import pytest

from rules.runbooks.inline import words
from rules.runbooks.outline import Code
from rules.runbooks.runbook import Runbook, opened, wrong
from workers.rulebook.configuration import packaged, written

SHIPPED = written(packaged()).runbooks


def book(name: str) -> Runbook:
    """One of them."""
    found = opened(name, SHIPPED)
    assert found is not None
    return found


def said(name: str) -> str:
    """Its steps, with the commands below them, in lower case."""
    lines = []
    for step in book(name).steps:
        lines.append(words(step.text))
        lines += [one.text for one in step.body if isinstance(one, Code)]
    return "\n".join(lines).lower()


LINES = [
    # Common incidents
    ("high-error-rate", "Check Sentry for error patterns"),
    ("high-error-rate", "Identify the affected endpoints"),
    ("high-error-rate", "Check recent deployments"),
    ("high-error-rate", "Review the logs for the root cause"),
    ("high-error-rate", "Apply a fix or roll back"),
    ("slow-responses", "Check the database's query performance"),
    ("slow-responses", "FROM pg_stat_statements"),
    ("slow-responses", "Check CPU and memory usage"),
    ("slow-responses", "docker stats"),
    ("slow-responses", "Check for connection pool exhaustion"),
    ("slow-responses", "Scale up, or optimise the queries"),
    ("payment-failures", "Check the Stripe dashboard for issues"),
    ("payment-failures", "Verify webhook delivery"),
    ("payment-failures", "Check the backend logs for Stripe errors"),
    ("payment-failures", "contact Stripe support"),
    ("email-not-sending", "Check Brevo's dashboard for delivery"),
    ("email-not-sending", "Verify that the API key is valid"),
    ("email-not-sending", "Check for rate limiting"),
    ("email-not-sending", "Check the backend logs for Brevo errors"),
    ("database", "Check the connection count"),
    ("database", "restart the connection pool"),
    ("database", "Check for long-running queries"),
    ("database", "Kill blocking queries if needed"),
    # Stop the bleeding
    ("site-down", "Is the site up?"),
    ("site-down", "curl -I https://www.example.com"),
    ("site-down", "curl -I https://api.example.com/health"),
    ("site-down", "Are services running"),
    ("site-down", "docker compose ps"),
    ("site-down", "docker compose logs --tail=100 backend"),
    ("site-down", "docker compose logs --tail=100 frontend"),
    ("site-down", "restart all services"),
    ("site-down", "\ndocker compose restart\n"),
    ("site-down", "check the individual services"),
    ("site-down", "docker compose logs backend\ndocker compose restart backend"),
    ("payment-failures", "docker compose logs backend | grep -i stripe"),
    ("payment-failures", "curl -X POST https://api.example.com/api/payments/webhook"),
    ("database", "Check the database status"),
    ("database", "docker compose exec db pg_isready"),
    ("database", "docker compose restart db"),
    ("database", "SELECT count(*) FROM pg_stat_activity"),
]


@pytest.mark.parametrize(("name", "line"), LINES)
def test_every_line_of_the_runbook_is_a_step_or_a_command_of_one(name: str, line: str) -> None:
    """Nothing that was agreed is lost."""
    assert line.lower() in f"{said(name)}\n"


TREE = [
    (
        "Is the issue caused by a recent deployment?",
        {"yes": "Roll back immediately", "no": "continue the investigation"},
    ),
    (
        "Is data being corrupted?",
        {"yes": "Stop writes, switch to maintenance mode", "no": "continue the investigation"},
    ),
    ("Can we fix forward quickly", {"yes": "Apply the hotfix", "no": "Roll back first, then fix it properly"}),
]


def test_the_rollback_tree_asks_its_three_questions() -> None:
    """In its order, with its six answers."""
    (tree,) = book("rollback").trees
    assert len(tree.questions) == len(TREE)
    for question, (text, answers) in zip(tree.questions, TREE, strict=True):
        assert question.text.startswith(text)
        assert {one.word for one in question.answers} == set(answers)
        for word, leads in answers.items():
            answer = question.answer(word)
            assert answer is not None
            assert words(answer.text).startswith(leads)
            assert answer.goes_on == leads.startswith("continue")


@pytest.mark.parametrize("name", ["site-down", "payment-failures", "database", "high-error-rate", "slow-responses"])
def test_whoever_may_have_to_roll_back_is_asked(name: str) -> None:
    """Where a deployment may be the cause, the questions stand in the runbook itself."""
    assert book(name).trees == book("rollback").trees


def test_nothing_is_wrong_in_them() -> None:
    """Every runbook has steps, a title, and leads somewhere."""
    assert not list(wrong(SHIPPED))
    assert all(book(name).steps and book(name).title != name for name in SHIPPED)
