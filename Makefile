# Two commands do everything: `make up` runs the platform, `make test` proves it.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3
ARGS ?=

ROOMS := infra trust collectors analytics ops playbooks dashboards yaodun

.PHONY: help up test lint fix prove bench docs setup setup-dev compiled system-packages lock clean

help: ## say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /: /' | column -t -s: -l2

up: setup compiled ## set up and run the platform on this host
	@exec $(BIN)/python -m yaodun up $(ARGS)

test: setup-dev compiled ## set up and run every test
	@$(BIN)/python -m tests $(ARGS)

lint: setup-dev ## check style, types and floors
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

fix: setup-dev ## mend what can be mended by machine
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

prove: setup-dev compiled ## faults, fuzzing and long differentials at full size
	@infra/deploy/system-packages.sh prove
	@YAODUN_PROVE=full $(BIN)/python -m tests $(ARGS)

bench: setup-dev compiled ## measure every figure: make bench [NAME=...]
	@$(BIN)/python -m bench $(if $(NAME),--name $(NAME))

docs: setup-dev ## write the generated parts of the documentation
	@$(BIN)/python -m yaodun.documentation

compiled: | $(BIN)/python # byte code once, also where Python is told to write none: a start costs half the time
	@$(BIN)/python -m compileall -q $(ROOMS) || true

setup: $(VENV)/.runtime
setup-dev: $(VENV)/.dev

$(BIN)/python:
	@infra/deploy/system-packages.sh runtime
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock | $(BIN)/python
	@infra/deploy/install-python.sh $(BIN) requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	@infra/deploy/system-packages.sh dev
	@infra/deploy/install-python.sh $(BIN) requirements-dev.lock
	@touch $@ $(VENV)/.runtime

lock: ## write the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --extra dev pyproject.toml -o requirements-dev.lock

clean: ## remove what the targets made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache
