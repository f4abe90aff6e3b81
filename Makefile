# Every target works from a bare clone with Python 3.11+, git and make: it sets up .venv by itself.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python3.14; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# EXAMPLES=--hypothesis-seed=0 takes the same examples every time; without it each run looks elsewhere.
PYTEST := $(BIN)/python -m pytest -q $(EXAMPLES)

.PHONY: help demo test contract cluster lint format bench long fuzz clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1 - \2/p' Makefile

.venv/python.stamp:
	@test -n "$(PYTHON)" || { echo 'error: bggen needs Python 3.11 or newer with venv; none was found on PATH' >&2; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/runtime.stamp: requirements/runtime.txt pyproject.toml .venv/python.stamp
	$(PIP) -r requirements/runtime.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/runtime.stamp
	$(PIP) -r requirements/dev.txt
	@touch $@

demo: .venv/runtime.stamp ## the whole story on a config repo made from sample-repo/
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/demo.sh

test: .venv/dev.stamp ## all tests
	$(PYTEST) -n 3 --dist worksteal

contract: .venv/dev.stamp ## what bggen asks of GitHub, held to GitHub's description (npm); custom resources and the order of a sync, held to Kubernetes' and Argo CD's code (Go)
	$(PYTEST) tests/contract/github.py tests/contract/custom_resources.py tests/contract/sync_order.py

cluster: .venv/dev.stamp ## what commands do to users, on an API server with Argo CD's and Argo Rollouts' own code (needs Go and ten minutes)
	$(PYTEST) tests/cluster/stories.py

lint: .venv/dev.stamp ## ruff and mypy
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/dev.stamp ## let ruff format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev.stamp ## speed, as ratios against a baseline in the same run
	$(BIN)/python tools/bench.py

long: .venv/dev.stamp ## the long tests: more examples, more steps, more processes, a kill at every moment
	BGGEN_HYPOTHESIS=long $(PYTEST) -n 2 tests/property \
	  tests/git/test_killed_push.py tests/git/test_shared_cache.py tests/git/test_git_recover.py tests/cli/test_many_apps.py

fuzz: .venv/dev.stamp ## look for input that breaks something; FUZZ="--seconds 600 --target state" says how long, and where
	$(BIN)/python -m tests.fuzz $(FUZZ)

clean: ## remove what the other targets made
	rm -rf .venv .demo .bench .pytest_cache .mypy_cache .ruff_cache .hypothesis dist tests/contract/node_modules
