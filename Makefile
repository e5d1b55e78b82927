# `make demo` and `make test` need nothing but Python 3.11 or newer, make and git; they install the
# rest into .venv from the package registry.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo $$p && break; \
	done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
DEMO_STAMP := $(VENV)/.stamp-demo
DEV_STAMP := $(VENV)/.stamp-dev

.PHONY: help demo test check install dev docs bench clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Framesift needs Python 3.11 to 3.14; found none (set PYTHON=...)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[parquet]'
	@touch $@

$(DEMO_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group demo
	@touch $@

$(DEV_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]' --group dev
	@touch $@

install: $(STAMP)  ## the framesift command in .venv/bin

dev: $(DEV_STAMP)  ## and what the tests and checks need

demo: $(DEMO_STAMP)  ## scan real pictures and write demo/report.html
	$(BIN)/python scripts/demo.py

check: $(DEV_STAMP)  ## ruff, mypy, import-linter, deptry
	scripts/check

test: $(DEV_STAMP)  ## check, then the whole test suite
	scripts/check
	scripts/test

docs: $(DEV_STAMP)  ## the documentation as a site in site/
	$(BIN)/mkdocs build --strict

bench: $(DEV_STAMP)  ## measure speed; results in benchmarks/results
	$(BIN)/python -m benchmarks.end_to_end
	$(BIN)/python -m benchmarks.decode
	$(BIN)/python -m benchmarks.render

clean:  ## remove what the targets made
	rm -rf $(VENV) demo site build dist
