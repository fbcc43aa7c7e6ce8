# Everything a developer types. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# A target that failed half-way is not taken for done.
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
IMAGE ?= voltaire:$(VERSION)
CONTAINER_TOOL ?= docker
DRIFT := build/drift

# make demo CARBON=matrix.csv START=2022-03-14 SECONDS_PER_HOUR=8
CARBON ?=
START ?=
SECONDS_PER_HOUR ?=
# More arguments for pytest: make unit ARGS="-k durations"
ARGS ?=

LOCK_FLAGS := --generate-hashes --no-emit-find-links --no-emit-index-url \
  --no-emit-trusted-host --strip-extras

.PHONY: help
help: ## List what make can do
	@awk 'BEGIN {FS = ":.*## "; print "Voltaire: make <target>\n"} \
	  /^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: install
install: $(STAMP) ## Make .venv with voltaire in it, from locked dependencies

$(STAMP): requirements/build.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Voltaire needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)." \
	         "Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || \
	  { echo "python3 -m venv failed: on Debian and Ubuntu, install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@echo "installing the locked dependencies into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements/build.txt -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: test
test: lint types contracts drift assets packages ## Everything: style, types, contracts, drift, unit and integration tests
	@$(BIN)/pytest $(ARGS)

.PHONY: lint
lint: $(STAMP) ## Style of the code (ruff)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: types
types: $(STAMP) ## Types (mypy --strict)
	@$(BIN)/mypy

.PHONY: contracts
contracts: $(STAMP) ## Import contracts between the rooms of the package
	@$(BIN)/lint-imports

.PHONY: unit
unit: $(STAMP) packages ## Tests without control planes
	@$(BIN)/pytest --ignore tests/integration --ignore tests/chaos --ignore tests/bench $(ARGS)

.PHONY: integration
integration: assets ## Tests on real control planes
	@$(BIN)/pytest tests/integration $(ARGS)

.PHONY: assets
assets: $(STAMP) ## Build the lab's Kubernetes binaries and Helm, once per machine
	@$(BIN)/voltaire lab assets --with-helm >/dev/null

.PHONY: packages
packages: ## Install the MQTT broker and the Prometheus that tests run, where that can be done
	@tests/packages.sh

.PHONY: fuzz
fuzz: $(STAMP) packages ## Property tests on new random examples (make test tries the same ones every time)
	@$(BIN)/pytest --ignore tests/integration -m hypothesis --hypothesis-profile=default $(ARGS)

.PHONY: generate
generate: $(STAMP) ## Write the CRDs and the API reference from the models
	@rm -f manifests/crds/voltaire.dev_*.yaml charts/voltaire/crds/*.yaml
	@$(BIN)/python -m voltaire.api.crd manifests/crds charts/voltaire/crds
	@$(BIN)/python -m voltaire.api.reference docs/reference
	@$(BIN)/python -m voltaire.settings docs/reference/settings.md

.PHONY: drift
drift: $(STAMP) ## Fail if what is generated differs from what is committed
	@rm -rf $(DRIFT)
	@$(BIN)/python -m voltaire.api.crd $(DRIFT)/crds
	@$(BIN)/python -m voltaire.api.reference $(DRIFT)/reference
	@$(BIN)/python -m voltaire.settings $(DRIFT)/reference/settings.md
	@diff -r -u -x kustomization.yaml manifests/crds $(DRIFT)/crds && \
	  diff -r -u charts/voltaire/crds $(DRIFT)/crds && \
	  for page in $(DRIFT)/reference/*.md; do diff -u "docs/reference/$${page##*/}" "$$page"; done || \
	  { echo "generated files differ from the models: run 'make generate'" >&2; exit 1; }

.PHONY: demo
demo: $(STAMP) ## A day on four real control planes in minutes (CARBON=, START=, SECONDS_PER_HOUR=)
	@$(BIN)/voltaire demo $(if $(CARBON),--carbon "$(CARBON)") $(if $(START),--start "$(START)") \
	  $(if $(SECONDS_PER_HOUR),--seconds-per-hour "$(SECONDS_PER_HOUR)")

.PHONY: bench
bench: $(STAMP) ## The joint planner: gap, speed beside HiGHS, growth, memory, planning anew (ARGS=--quick)
	@$(BIN)/python -m tests.bench.planner $(ARGS)

.PHONY: bench-signals
bench-signals: $(STAMP) ## What 200 zones cost: CPU and requests
	@$(BIN)/python -m tests.bench.signals $(ARGS)

.PHONY: bench-operator
bench-operator: assets ## 2,000 AIWorkloads at once: rate, memory, event-loop lag
	@$(BIN)/python -m tests.bench.operator $(ARGS)

.PHONY: lock
lock: $(STAMP) ## Resolve the dependencies anew and write requirements/*.txt
	@$(BIN)/pip-compile --quiet $(LOCK_FLAGS) --output-file=requirements/runtime.txt pyproject.toml
	@$(BIN)/pip-compile --quiet $(LOCK_FLAGS) --allow-unsafe --extra=dask --extra=dev --extra=lab \
	  --output-file=requirements/dev.txt pyproject.toml
	@$(BIN)/pip-compile --quiet $(LOCK_FLAGS) --allow-unsafe --build-deps-for=editable --only-build-deps \
	  --output-file=requirements/build.txt pyproject.toml

.PHONY: image
image: ## Build the container image (CONTAINER_TOOL=docker|podman|buildah, IMAGE=)
	@$(CONTAINER_TOOL) build -t $(IMAGE) .

.PHONY: clean
clean: ## Remove what make made here; the lab's built binaries stay in the user's cache
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find operator tests -name __pycache__ -type d -prune -exec rm -rf {} +
