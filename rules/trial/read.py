"""`*.test.yaml` as text to trials: every mistake at once, each with its place and the nearest right word. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from rules.reading.config import Config
from rules.reading.document import Document, Path, Place, read
from rules.reading.problem import Problem, Wrong, nearest, one_of
from rules.reading.shape import fill
from rules.responding.watching import SOURCE as CHECKS
from rules.trial.acts import (
    ACTS,
    ANSWERS,
    BODIES,
    Act,
    Asks,
    Breaks,
    Happens,
    Lifts,
    Says,
    Silences,
    answer_of,
    wrong_with,
)
from rules.trial.bodies import written
from rules.trial.written import Expect, Line, Step, Stories, Story

START = 1_772_442_000.0
"""When a test begins that does not say: Monday, 2 March 2026, 09:00 UTC."""
MOST_EVENTS = 50_000
"""So much may happen in all tests together."""

Samples = Mapping[str, Collection[str]]
"""Type of source -> the names of its packaged samples."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens `at` a time since the beginning, for the `number`th time of its step, from 1."""

    at: float
    number: int
    act: Act
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One test, ready to be played. `start` in Unix seconds; `until` in seconds from then, None till all is quiet."""

    name: str
    place: Place
    start: float
    happenings: tuple[Happening, ...]
    until: float | None
    expect: Expect
    lines: tuple[tuple[Line, Place], ...]
    """Whom it expects to be told, each with its place."""
    expected_at: Mapping[str, Place]
    """Where the other words of `expect` stand."""


def trials(texts: Mapping[str, str], config: Config, samples: Samples) -> list[Trial]:
    """The tests of these files, for rules that have this `config`. Raises `Wrong`, and nothing else."""
    found: list[Trial] = []
    problems: list[Problem] = []
    names: dict[str, Place] = {}
    events = 0
    for file, text in sorted(texts.items()):
        document = read({file: text})
        stories = fill(Stories, document) if document.whole and document.data else None
        if document.whole and not document.data:
            document.problems.append(Problem(file, 1, 1, "the file says nothing", "begin with 'tests:' and a list"))
        for number, story in enumerate(stories.tests if stories is not None else ()):
            events += sum(step.times for step in story.steps)
            if events > MOST_EVENTS:
                message = f"more happens in these tests than the {MOST_EVENTS:,} events that all may have together"
                document.complain(("tests", number), message, "repeat less often, or try one folder after another")
                break
            found.append(_Reader(document, config, samples).trial(number, story, names))
        problems += document.problems
    if problems:
        raise Wrong(problems)
    return found


class _Reader:
    """Reads the tests of one file; what is wrong is written into its document."""

    def __init__(self, document: Document, config: Config, samples: Samples) -> None:
        self._document = document
        self._config = config
        self._samples = samples

    def trial(self, number: int, story: Story, names: dict[str, Place]) -> Trial:
        here: Path = ("tests", number)
        place = self._document.place((*here, "name"))
        if story.name in names:
            first = names[story.name]
            message = f"two tests are called '{story.name}'"
            self._document.complain((*here, "name"), message, f"first in {first.file}:{first.line}")
        names[story.name] = place
        happenings: list[Happening] = []
        for nth, step in enumerate(story.steps):
            happenings += self._happenings(step, story.until, (*here, "steps", nth))
        self._check_expected(story, (*here, "expect"))
        told = enumerate(story.expect.told)
        return Trial(
            name=story.name,
            place=place,
            start=START if story.at is None else story.at,
            happenings=tuple(sorted(happenings, key=lambda one: one.at)),
            until=story.until,
            expect=story.expect,
            lines=tuple((line, self._document.place((*here, "expect", "told", nth))) for nth, line in told),
            expected_at={name: self._document.place((*here, "expect", name), key=True) for name in Expect.model_fields},
        )

    def _happenings(self, step: Step, until: float | None, path: Path) -> Iterator[Happening]:
        act = self._act(step, path)
        if step.times > 1 and step.every is None:
            self._document.complain((*path, "times"), "times needs every", "every: 20s", key=True)
        if until is not None and step.at + (step.times - 1) * (step.every or 0.0) > until:
            self._document.complain(path, "the test ends before that", "see its 'until'")
        if act is None:
            return
        place, every = self._document.place(path), step.every or 0.0
        for number in range(step.times):
            yield Happening(step.at + number * every, number + 1, act, place)

    def _act(self, step: Step, path: Path) -> Act | None:
        data = self._document.at(path)
        asked = [key for key in ACTS if key in data]
        if len(asked) != 1:
            message = f"a step is one thing that happens, found {one_of(asked).replace(' or ', ' and ') or 'none'}"
            self._document.complain(path, message, f"write one of {', '.join(ACTS)}")
            return None
        (key,) = asked
        self._check_company(key, path)
        if key in BODIES:
            return self._says(step, key, path)
        if key == "event":
            return self._happens(step, path)
        if key == "broken":
            return self._breaks(step, path)
        if key == "silence" and step.silence is not None:
            return self._silences(step.silence.name, (*path, "silence"))
        if key == "lift" and step.lift is not None:
            return Lifts(step.lift.name, step.lift.by)
        answer = answer_of(step, key)
        if answer is None:
            self._document.complain((*path, key), f"{key} says nothing", f"{key}: {{by: a name, …}}", key=True)
            return None
        if key == "assign":
            self._leads((*path, key, "to"), getattr(answer, "to", ""), "person", self._config.people)
        return Asks(key, answer)

    def _check_company(self, key: str, path: Path) -> None:
        """Words that mean nothing beside this one."""
        fields = {"source", "headers", "method", "query"} if key in BODIES else set()
        fields |= {"with"} if key in ("sample", "file") else set()
        fields |= {"times", "every"} if key not in ANSWERS else set()
        for word in sorted((set(self._document.at(path)) - fields) - {key, "at"}):
            self._document.complain((*path, word), f"'{word}' means nothing beside '{key}'", "take it out", key=True)

    def _says(self, step: Step, key: str, path: Path) -> Act | None:
        kind, slash, name = (step.sample or "").rpartition("/")
        source = self._source(step, kind if slash else None, path)
        if source is None:
            return None
        configured = self._config.sources[source]
        if step.sample is not None and name not in self._samples.get(configured.type, ()):
            known = self._samples.get(configured.type, ())
            begin = [one for one in known if one.startswith(name)]
            near = f"did you mean {one_of(begin[:3])}?" if begin else nearest(name, known)
            hint = near or f"tocsin send --list names all: {', '.join(list(known)[:6]) or 'none'}"
            self._document.complain((*path, "sample"), f"{configured.type} has no sample '{name}'", hint)
            return None
        if key == "body" and not self._document.at((*path, "body")):
            self._document.complain((*path, "body"), "the body is empty", "write a map, or text", key=True)
        return Says(
            source=source,
            sample=name if step.sample is not None else None,
            file=step.file,
            body=written(self._document, (*path, "body")) if key == "body" else None,
            changes=written(self._document, (*path, "with")) or {},
            headers={key.lower(): value for key, value in step.headers.items()},
            method=step.method,
            query=step.query,
        )

    def _source(self, step: Step, kind: str | None, path: Path) -> str | None:
        """The one that is named, else the only one of the sample's type."""
        sources = self._config.sources
        if step.source is not None:
            if not self._leads((*path, "source"), step.source, "source", sources):
                return None
            if kind is not None and sources[step.source].type != kind:
                message = f"'{step.source}' is of type {sources[step.source].type}, and the sample of {kind}"
                self._document.complain((*path, "sample"), message)
                return None
            return step.source
        if kind is None:
            self._document.complain(path, "whose body is it?", f"add source: {next(iter(sources), 'a source')}")
            return None
        fitting = [name for name, one in sources.items() if one.type == kind]
        if len(fitting) == 1:
            return fitting[0]
        message = f"several sources are of type {kind}" if fitting else f"no source is of type '{kind}'"
        types = {one.type for one in sources.values()}
        hint = f"add source: {one_of(fitting)}" if fitting else nearest(kind, types) or f"types: {', '.join(types)}"
        self._document.complain((*path, "sample"), message, hint)
        return None

    def _happens(self, step: Step, path: Path) -> Act | None:
        if step.event is None:
            self._document.complain((*path, "event"), "event says nothing", "event: {source: …, summary: …}", key=True)
            return None
        heard = [*self._config.sources, CHECKS]
        known = self._leads((*path, "event", "source"), step.event.source, "source", heard)
        return Happens(step.event) if known else None

    def _breaks(self, step: Step, path: Path) -> Act:
        broken = step.broken or []
        for number, name in enumerate(broken):
            self._leads(self._item(path, "broken", number), name, "channel", self._config.channels)
        return Breaks(tuple(broken))

    def _silences(self, name: str, path: Path) -> Act:
        said = {"name": name, **self._document.at(path)}
        if wrong := wrong_with(said):
            self._document.complain(path, wrong, key=True)
        return Silences(said)

    def _check_expected(self, story: Story, path: Path) -> None:
        expect = story.expect
        for number, line in enumerate(expect.told):
            here = (*path, "told", number)
            self._leads((*here, "who"), line.who, "person or role", [*self._config.people, *self._config.roles])
            for nth, channel in enumerate(line.by):
                self._leads(self._item(here, "by", nth), channel, "channel", self._config.channels)
            if story.until is not None and line.at > story.until:
                self._document.complain((*here, "at"), "the test ends before that", "see its 'until'")
        for nth, rule in enumerate(expect.rule or ()):
            names = [one.name for one in self._config.rules]
            self._leads(self._item(path, "rule", nth), rule, "rule", names)

    def _item(self, path: Path, key: str, number: int) -> Path:
        """One of a list, or the value that stands where a list may."""
        return (*path, key, number) if isinstance(self._document.at((*path, key)), list) else (*path, key)

    def _leads(self, path: Path, name: str, what: str, known: Iterable[str]) -> bool:
        """Is there such a name?"""
        words = list(known)
        if name in words:
            return True
        hint = nearest(name, words) or f"there are: {', '.join(words[:8]) or 'none'}"
        self._document.complain(path, f"there is no {what} '{name}'", hint)
        return False


def names_of(found: Iterable[Trial], part: str) -> list[Trial]:
    """Those whose name or file holds `part`, upper and lower case alike."""
    wanted = part.casefold()
    return [one for one in found if wanted in one.name.casefold() or wanted in one.place.file.casefold()]
