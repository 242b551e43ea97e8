"""A runbook read into what people tick: steps, what belongs to them, and trees of questions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.runbooks.inline import spans, words
from rules.runbooks.outline import Code, Heading, Item, Paragraph
from rules.runbooks.runbook import Decision, Other, Step, opened, read, wrong
from rules.runbooks.tree import walk

WHOLE = """\
# The site is down

**First:** acknowledge.

1. Is it *really* down?
   See `/health`.

   ```bash
   curl -I https://www.example.com
     indented
   ```
2. Restart it:
   - the backend first
   - then all
- [ ] Say so in #general
- a hint that is no step

[Roll back?](rollback.md)

It is over when people can log in.
"""
TREE = """\
# Roll back

## Decide: roll back?

Ask in this order.

- Is it caused by a deployment?
  - yes: **Roll back** now

    ```
    make rollback
    ```
  - no: Continue the search
- Can we fix it?
  - yes: Fix it
  - no: Is the last release there?
    - yes: Roll back first
    - no: continue
- Is anybody awake?
  - yes: Ask them
  - no: Wait
"""


def test_numbers_and_boxes_are_steps_and_what_is_indented_belongs_to_them() -> None:
    """Counted through; a command keeps its own indentation; a plain bullet is prose."""
    book = read("site-down", WHOLE)
    assert book.title == "The site is down"
    assert [(one.number, words(one.text)) for one in book.steps] == [
        (1, "Is it really down? See /health."),
        (2, "Restart it:"),
        (3, "Say so in #general"),
    ]
    first, second, _ = book.steps
    assert [(one.text, one.language) for one in first.body if isinstance(one, Code)] == [
        ("curl -I https://www.example.com\n  indented", "bash")
    ]
    assert [one.text for one in second.body if isinstance(one, Item)] == ["the backend first", "then all"]
    assert [type(one) for one in book.blocks] == [Heading, Paragraph, Step, Step, Step, Item, Other, Paragraph]
    assert book.problems == ()


def test_a_step_keeps_its_id_while_its_words_stay() -> None:
    """Moved, marked or spaced otherwise, with others before it: it is the same; other words are another step."""
    book = read("x", "1. Check **DNS**\n2. Restart it\n")
    moved = read("x", "1. First of all\n2. Restart it\n3. check   DNS\n")
    assert [one.id for one in moved.steps[1:]] == [one.id for one in reversed(book.steps)]
    assert read("x", "1. Check the DNS").steps[0].id not in {one.id for one in book.steps}
    assert read("y", "1. Check DNS").steps[0].id != book.steps[0].id


def test_the_same_words_twice_are_two_steps() -> None:
    """Ticking one must not tick the other."""
    one, other = read("x", "1. Look again\n2. Look again\n").steps
    assert one.id != other.id


def test_questions_are_asked_one_after_the_other() -> None:
    """`continue` leads on, a question below an answer is asked then, and what is said otherwise is the end."""
    (tree,) = read("rollback", TREE).trees
    assert tree.title == "Decide: roll back?"
    ids = {question.text: question.id for question in tree.every()}
    deployed, fix, release, awake = ids.values()
    assert walk(tree, {}).asks == tree.questions[0]
    assert walk(tree, {deployed: "YES"}).outcome == "Roll back now"
    assert walk(tree, {deployed: "no"}).asks == tree.questions[1]
    below = walk(tree, {deployed: "no", fix: "no"})
    assert below.asks is not None
    assert below.asks.id == release
    assert walk(tree, {deployed: "no", fix: "no", release: "yes"}).outcome == "Roll back first"
    on = walk(tree, {deployed: "no", fix: "no", release: "no"})
    assert on.asks is not None
    assert on.asks.id == awake
    assert walk(tree, {deployed: "no", fix: "perhaps"}).asks == tree.questions[1]


def test_an_answer_brings_the_command_it_needs() -> None:
    """To copy, where it is decided."""
    (tree,) = read("rollback", TREE).trees
    answer = tree.questions[0].answer("yes")
    assert answer is not None
    assert [one.text for one in answer.body] == ["make rollback"]


def test_a_link_alone_on_its_line_brings_the_other_runbooks_trees() -> None:
    """With its ids, so that an answer given on one page stands on both; a link within a sentence brings nothing."""
    written = {"site-down": WHOLE, "rollback": TREE, "near": "See [Roll back](rollback.md) too.\n"}
    here = opened("site-down", written)
    assert here is not None
    assert here.trees == read("rollback", TREE).trees
    assert here.leads_to == frozenset()
    assert read("site-down", WHOLE).leads_to == {"rollback"}
    near = opened("near", written)
    assert near is not None
    assert not near.trees
    assert near.leads_to == {"rollback"}
    assert opened("nothing", written) is None
    assert not list(wrong(written))


MISTAKES = [
    ("an open fence", "# X\n\n```bash\nls\n", ["3:1: a code block begins here and is never closed"]),
    ("no question at all", "## Decide\n\nLater.\n", ["1:4: no question stands below 'Decide'"]),
    (
        "no question mark",
        "## Decide\n- Roll back\n  - yes: do\n  - no: wait\n",
        ["2:3: expected a question, found 'Ro"],
    ),
    ("no answers", "## Decide\n- Is it?\n", ["2:3: 'Is it?' has no answers"]),
    ("one answer", "## Decide\n- Is it?\n  - yes: go\n", ["2:3: 'Is it?' has one answer only"]),
    ("no colon", "## Decide\n- Is it?\n  - yes go\n  - no: stay\n", ["3:5: expected an answer, found 'yes go'"]),
    ("leads nowhere", "## Decide\n- Is it?\n  - yes:\n  - no: stay\n", ["3:9: 'yes' leads nowhere"]),
    ("the same word", "## Decide\n- Is it?\n  - yes: a\n  - Yes: b\n", ["4:5: two answers are 'Yes'"]),
    (
        "asked twice",
        "## Decide\n- Is it?\n  - yes: a\n  - no: continue\n- Is it?\n  - yes: a\n  - no: b\n",
        ["5:3: 'Is it?' is asked twice"],
    ),
    (
        "something below an answer that asks nothing",
        "## Decide\n- Is it?\n  - yes: a\n    - yes: b\n  - no: c\n",
        ["3:10: what stands below 'yes' answers no question"],
    ),
    (
        "a question below an answer without answers",
        "## Decide\n- Is it?\n  - yes: Sure?\n  - no: c\n",
        ["3:10: 'Sure?' has no answers"],
    ),
]


@pytest.mark.parametrize(("text", "said"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_every_mistake_is_told_with_its_place(text: str, said: list[str]) -> None:
    """File, line, column, what was expected, what to do next."""
    found = list(wrong({"x": text}))
    assert len(found) == len(said), found
    for problem, beginning in zip(found, said, strict=True):
        assert str(problem).startswith(f"runbooks/x.md:{beginning}")
        assert problem.hint


def test_a_link_to_no_runbook_is_told_with_the_nearest() -> None:
    """Where it stands alone, it was meant to bring something."""
    (problem,) = wrong({"x": "1. Look\n\n[Roll back?](rolback.md)\n", "rollback": TREE})
    assert str(problem) == "runbooks/x.md:3:1: there is no runbook 'rolback' (did you mean rollback?)"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a `code` b", [("text", "a "), ("code", "code"), ("text", " b")]),
        ("**Now**, *here*", [("strong", "Now"), ("text", ", "), ("em", "here")]),
        ("2 * 3 * 4 and snake_case_word", [("text", "2 * 3 * 4 and snake_case_word")]),
        ("see <https://a.example/x>.", [("text", "see "), ("link", "https://a.example/x"), ("text", ".")]),
        ("see https://a.example/x, now", [("text", "see "), ("link", "https://a.example/x"), ("text", ", now")]),
        ("[it](https://a.example)", [("link", "it")]),
        ("[it](javascript:alert)", [("text", "[it](javascript:alert)")]),
        ("[it](database.md)", [("runbook", "it")]),
        ("`**not**`", [("code", "**not**")]),
    ],
)
def test_what_is_marked_within_a_line(line: str, said: list[tuple[str, str]]) -> None:
    """Text and addresses only: a page decides how that looks, and nothing else than the web is a link."""
    assert [(one.kind, one.text) for one in spans(line)] == said


MARKDOWN = st.lists(
    st.sampled_from(
        [
            "# Head", "## Decide: x", "1. Step", "- [ ] Box", "- Is it?", "  - yes: go", "  - no: continue",
            "    - no: a?", "", "```", "~~~~", "   text", "\tx", "- - -", "[a](b.md)", "**", "- ", "9) x",
            "      - yes: deep?",
        ]
    )
    | st.text(max_size=20),
    max_size=30,
).map("\n".join)  # fmt: skip


@given(MARKDOWN)
def test_any_text_is_a_runbook(text: str) -> None:
    """Whatever somebody writes is read, every id is one of a kind, and every tree can be walked to its end."""
    book = read("x", text)
    ids = [one.id for one in book.steps]
    assert len(set(ids)) == len(ids)
    assert [one.number for one in book.steps] == list(range(1, len(ids) + 1))
    for problem in wrong({"x": text}):
        assert 1 <= problem.line <= text.count("\n") + 1
    if not book.problems:
        for block in book.blocks:
            if isinstance(block, Decision):
                first = {question.id: question.answers[0].word for question in block.tree.every()}
                assert walk(block.tree, first).outcome is not None


@pytest.mark.parametrize(
    "text",
    [
        "x\n" * 200_000,
        "# " + " " * 200_000 + "x",
        "``` " + "a" * 200_000 + "`",
        "`" * 200_000 + "x`",
        "- - -" + " " * 200_000 + "x",
        "<https://" * 40_000,
        "[a](" * 60_000,
        "*a " * 80_000,
        "**a" * 80_000,
        "1. a\n" * 50_000,
        "## Decide\n" + "- a?\n  - b: c\n" * 20_000,
        "\n".join(" " * depth + "- deeper?" for depth in range(0, 2_000, 2)),
    ],
    ids=lambda text: text[:12].strip(),
)
def test_a_file_of_any_length_is_read_in_one_go(text: str) -> None:
    """Nothing in it makes reading take the square of its length, which here would be minutes."""
    book = read("x", text)
    assert sum(len(words(one.text)) for one in book.steps) <= len(text)
    assert all(spans(getattr(one, "text", "")) is not None for one in book.blocks)


@given(st.text(max_size=60))
def test_words_of_any_line_are_one_line(line: str) -> None:
    """Nothing is added, and marks alone are taken away."""
    said = words(line)
    assert "\n" not in said
    assert len(said) <= len(line)
