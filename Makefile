# Trygg ute: the same few verbs everywhere. Everything is kept inside this folder (.venv, build, data).

PORT   ?= 8080
HOST   ?= 127.0.0.1
DATA   ?= ./data
# Compression of the app's files: 5 is quick, 11 (a release) takes minutes and saves a tenth.
BROTLI ?= 5
# Extra words for pytest, for example: make test ARGS="-m unit"
ARGS   ?=

VENV   := .venv
BIN    := $(VENV)/bin
PWA    := build/pwa
PIP    := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input

SHELL  := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: pwa ## build the app and serve it: make run PORT=8080 HOST=127.0.0.1 DATA=./data
	@exec $(BIN)/trygg-ute serve --host "$(HOST)" --port "$(PORT)" --data "$(DATA)" --app "$(PWA)"

.PHONY: pwa
pwa: $(BIN)/.run ## build the app alone into build/pwa (BROTLI=11 for a release); does nothing if nothing changed
	@$(BIN)/python -m assets.build --out "$(PWA)" --brotli "$(BROTLI)"

.PHONY: test
test: $(BIN)/.dev app-if-possible chromium ## every kind of test with reduced, seeded counts
	$(BIN)/python -m pytest $(ARGS)

.PHONY: test-full
test-full: $(BIN)/.dev app-if-possible chromium ## every test with the stated counts (hours)
	$(BIN)/python -m pytest --full $(ARGS)

.PHONY: check
check: $(BIN)/.dev ## lint, format, types, import rules, message keys and docs
	@failed=0; \
	for step in "ruff check ." "ruff format --check ." mypy "lint-imports --no-cache" "python -m tests.check"; do \
	  echo "== $$step"; $(BIN)/$$step || failed=1; \
	done; \
	exit $$failed

.PHONY: format
format: $(BIN)/.dev ## let ruff put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(BIN)/.dev pwa chromium ## measure against the budgets
	$(BIN)/python -m tests.bench $(ARGS)

.PHONY: demo
demo: $(BIN)/.dev pwa ## a server with simulated people and made-up days: make demo PORT=8080
	@exec $(BIN)/python -m mobile_app.simulated_device.demo --host "$(HOST)" --port "$(PORT)" --app "$(PWA)" $(ARGS)

.PHONY: lock
lock: $(BIN)/.dev ## solve the locks anew from pyproject.toml
	$(PIP) uv
	for what in runtime build dev; do \
	  case $$what in runtime) extras= ;; build) extras="--extra build" ;; dev) extras="--extra build --extra dev" ;; esac; \
	  $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet --upgrade \
	    --no-emit-index-url --no-emit-find-links --no-header --no-annotate $$extras -o requirements/$$what.txt; \
	done

.PHONY: clean
clean: ## remove what make made; ./data is kept
	rm -rf $(VENV) build dist assets/web/node_modules *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- how it is made ---------------------------------------------------------------------------------------

$(BIN)/python:
	@found=; bare=; \
	for python in $${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then found=$$python; break; fi; \
	  bare=$$python; \
	done; \
	if [ -z "$$found" ] && [ -n "$$bare" ]; then \
	  echo "$$bare can't make virtual environments. Debian, Ubuntu: apt-get install python3-venv"; exit 1; \
	fi; \
	if [ -z "$$found" ]; then \
	  echo "Trygg ute needs Python 3.11 or newer, and none was found."; \
	  echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python)"; \
	  echo "or name it: make run PYTHON=/path/to/python3"; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	rm -rf $(VENV); "$$found" -m venv $(VENV)

# The project itself goes in last, without looking for anything: every dependency is pinned in the lock.
define install
@echo "Installing $(1) into $(VENV)"
@$(PIP) --require-hashes --only-binary :all: -r requirements/$(1).txt
@$(PIP) --no-deps --no-build-isolation --editable .
@touch $@
endef

$(BIN)/.run: requirements/build.txt pyproject.toml | $(BIN)/python
	$(call install,build)

# The development lock holds everything the other one does.
$(BIN)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(call install,dev)
	@touch $(BIN)/.run

# A broken build must not hide what the tests that need no app would say; those that need it then fail by themselves.
.PHONY: app-if-possible
app-if-possible: $(BIN)/.dev
	@$(BIN)/python -m assets.build --out "$(PWA)" --brotli 5 || echo "The app was not built: every test that needs it will fail."

.PHONY: chromium
chromium:
	@if [ -n "$${TRYGG_CHROMIUM:-}" ]; then [ -x "$$TRYGG_CHROMIUM" ] || { echo "TRYGG_CHROMIUM=$$TRYGG_CHROMIUM can't be run"; exit 1; }; \
	elif command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the browser tests"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium </dev/null >/dev/null; \
	else \
	  echo "The browser tests need Chromium, and none was found."; \
	  echo "Debian: sudo apt-get install chromium; macOS: brew install --cask chromium;"; \
	  echo "or name one: make test TRYGG_CHROMIUM=/path/to/chromium"; exit 1; \
	fi

export TRYGG_CHROMIUM PYTHON
