# Every target does its own set-up first: `make demo` works in a fresh clone.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export DEMO_EXIT

.DEFAULT_GOAL := help
.PHONY: help setup demo up test lint browser servers bench faults
.NOTPARALLEL:

help:
	@echo "make demo    play the whole story on a compressed clock (DEMO_EXIT=1: and end)"
	@echo "make up      run it for real: your configuration, your data in ./var"
	@echo "make test    run every check and test"
	@echo "make lint    run only the checks"
	@echo "make bench   measure, and write docs/benchmarks.md"
	@echo "make faults  kill and break everything, at full size"

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install Python 3.11 or newer, or name it with make PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) --version): name another with make PYTHON=…"; exit 1; }
	@echo "[set-up 1/3] Making the virtual environment in .venv"
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing: on Debian and Ubuntu, apt-get install python3-venv"; exit 1; }
	@echo "[set-up 2/3] Installing the locked dependencies"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "[set-up 3/3] Installing Perennial itself"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: setup
	@$(BIN)/perennial demo

up: setup
	@$(BIN)/perennial up

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

# Two processes, each with servers of its own, share the files out (tests/conftest.py); what kills servers and measures
# time then has the machine for itself. Whatever failed is run once more, alone: many tests are real processes on a clock
# on which a day takes two seconds, and a machine that was busy with something else is no fault of theirs. What fails
# twice has failed.
PYTEST := $(BIN)/python -m pytest --durations 20
ALONE := --last-failed --last-failed-no-failures none

test: lint browser servers
	@failed=0; \
	$(PYTEST) --numprocesses 2 --ignore tests/faults || \
	{ echo "Running once more, alone, what failed"; $(PYTEST) $(ALONE) --ignore tests/faults; } || failed=1; \
	$(PYTEST) tests/faults || \
	{ echo "Running once more, alone, what failed"; $(PYTEST) $(ALONE) tests/faults; } || failed=1; \
	exit $$failed

bench: setup
	$(BIN)/python -m bench

faults: setup servers
	PERENNIAL_FAULTS=full $(BIN)/python -m pytest tests/faults --timeout 3600

# Built once on a machine that cannot download them, which takes longer than a test may.
servers: setup
	@$(BIN)/python -m embedded.servers

# The pages are tested in a real browser; its absence is never a reason to skip them.
browser:
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the tests of the pages"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
	else echo "The tests of the pages need Chromium: install it, as with sudo apt-get install -y chromium"; exit 1; fi
