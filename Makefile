# Everything a developer runs. Needs git, GNU make and Python 3.10 to 3.13, nothing else.
#   make setup              .venv with the tested versions and this checkout, editable
#   make test PYTHON=python3.12
PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
# Written last, so an install that was cut short is done again; older than a requirement file (or
# setup.py) means that the environment is stale.
STAMP := $(VENV)/installed
REQUIREMENTS := $(wildcard requirements/*.txt) setup.py pyproject.toml
# What `make demo` runs, in the environment.
DEMO ?= $(BIN)/python demo/demo.py

.PHONY: help setup demo lint test test-all test-wheel bench clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /|/' | \
	  while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: $(STAMP)  ## make the environment in .venv (again, if the requirements have changed)

$(STAMP): $(REQUIREMENTS)
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; \
	  sys.exit(0 if v >= (3, 10) else f"mmvideo needs Python 3.10 or newer, {sys.executable} is {v[0]}.{v[1]}; say make PYTHON=...")'
	test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  -c requirements/constraints.txt -r requirements/runtime.txt -r requirements/test.txt -e .
	@touch $@

demo: setup  ## recognize the action in a sample video
	$(DEMO) $(ARGS)

lint: setup  ## ruff over everything
	$(BIN)/ruff check .

test: setup  ## the default tests; ARGS='-k word' narrows them
	$(BIN)/python -m pytest -q $(ARGS)

test-all: setup  ## the default tests and the slow ones, and those for a GPU or real videos if at hand
	$(BIN)/python -m pytest -q -m '' $(ARGS)

test-wheel: setup  ## build the wheel, install it into an empty environment, import and build everything
	$(BIN)/python tests/wheel_check.py

bench: setup  ## speed of loading and of the networks
	$(BIN)/python benchmarks/run.py $(ARGS)

clean:  ## remove what make and the tests have made
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
