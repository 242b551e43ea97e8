# `make run` takes a fresh clone to a running demo, `make test` to a green suite. `make help` lists the rest.

PORT ?= 8080
PYTHON ?= python3
CASES ?= 100000
SEED ?= 0

# Compiled modules are kept: the tests start hundreds of processes, and each would compile all of Tocsin again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-header --no-annotate
CODE := router workers rules
SOURCES := $(shell find $(CODE) tests bench -name '*.py' 2>/dev/null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test chaos hostile browser check lint types format lock bench clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

run: .venv/.run  ## the demo on http://127.0.0.1:8080 (PORT=9000 make run for another port)
	PORT=$(PORT) $(BIN)/tocsin up --demo

# What kills whole Tocsins and looks at the clock has the machine to itself. What drives a browser, installs, or starts
# and ends single processes bears one beside it, file by file. The rest shares the machine.
ALONE := tests/processes
IN_PAIRS := tests/browser tests/packaging tests/processes/test_ending.py tests/processes/test_port_taken.py
# Minutes each: `make hostile` runs them.
LONG := tests/browser/test_polyglots.py tests/browser/test_living.py tests/processes/test_power.py
# A test that hangs says where, and ends the run: minutes, when the slowest takes half of one.
STUCK := -o faulthandler_timeout=240 -o faulthandler_exit_on_timeout=true

test: .venv/.dev browser  ## every test; TESTS='tests/cli -x' for some
ifdef TESTS
	$(BIN)/python -m pytest $(TESTS)
else
	$(BIN)/python -m pytest $(STUCK) -n 3 --dist worksteal $(ALONE:%=--ignore=%) $(IN_PAIRS:%=--ignore=%)
	$(BIN)/python -m pytest $(STUCK) -n 2 --dist loadfile $(IN_PAIRS) $(LONG:%=--ignore=%)
	$(BIN)/python -m pytest $(STUCK) --durations 10 $(ALONE) $(IN_PAIRS:%=--ignore=%) $(LONG:%=--ignore=%)
endif

chaos: .venv/.dev  ## break everything, about 15 minutes; CHAOS='R1 R9 --long' for some, --help for more
	$(BIN)/python -m tests.chaos $(CHAOS)

hostile: .venv/.dev browser  ## hostile input in earnest, minutes; CASES=1000000 SEED=1 ONLY="S1 S3"
	$(BIN)/python -m tests.hostile --cases $(CASES) --seed $(SEED) $(if $(ONLY),--only $(ONLY))
	$(BIN)/python -m pytest tests/workers/test_crashes.py tests/workers/test_any_order.py $(LONG) --hypothesis-profile=long

# The browser tests drive Debian's Chromium: the one on PATH, else one that is installed where we may.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null; } || \
		{ echo 'no Chromium for the browser tests; please run: sudo apt-get install chromium'; exit 1; }

check: .venv/.formatted lint types test  ## what must be green before a commit: format, lint, types, tests

lint: .venv/.linted  ## ruff, and hadolint for the Dockerfile

types: .venv/.typed  ## mypy --strict

format: .venv/.dev  ## write the code the way the check wants it
	$(BIN)/ruff check --quiet --fix-only $(CODE) tests bench
	$(BIN)/ruff format --quiet $(CODE) tests bench

bench: .venv/.dev  ## ingest, the worker, end to end, decisions and the tick, measured here; bench/RESULTS.md keeps what was seen
	$(BIN)/python -m bench.decide
	$(BIN)/python -m bench.tick
	$(BIN)/python -m bench.receiver
	$(BIN)/python -m bench.worker
	$(BIN)/python -m bench.ingest
	$(BIN)/python -m bench.end_to_end
	$(BIN)/python -m bench.urgent
	$(BIN)/python -m bench.rehearse
	$(BIN)/python -m bench.replay
	$(BIN)/python -m bench.console
	$(BIN)/python -m bench.console watchers
	$(BIN)/python -m bench.streams

lock: .venv/.dev  ## resolve again, within pyproject.toml; UPGRADE=--upgrade takes newer releases
	$(COMPILE) $(UPGRADE) --output-file requirements.lock
	$(COMPILE) $(UPGRADE) --constraint requirements.lock --group dev --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--constraint requirements-dev.lock --group build --output-file requirements-build.lock

clean:  ## forget everything that can be made again
	rm -rf .venv dist build htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis mutants
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per step: a step runs again only when something it reads has changed.
# The build backend comes from its own lock, so that no step installs anything without a hash.

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: requirements.lock requirements-build.lock pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --require-hashes -r requirements-build.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

.venv/.formatted: $(SOURCES) pyproject.toml .venv/.dev
	$(BIN)/ruff format --quiet --check $(CODE) tests bench || { echo 'run: make format'; exit 1; }
	@touch $@

.venv/.linted: $(SOURCES) Dockerfile pyproject.toml .venv/.dev
	$(BIN)/ruff check --quiet $(CODE) tests bench
	$(BIN)/hadolint Dockerfile
	@touch $@

.venv/.typed: $(SOURCES) pyproject.toml .venv/.dev
	$(BIN)/mypy
	@touch $@
