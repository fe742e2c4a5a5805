# CRM Desktop. `make run` opens it, `make test` checks everything, `make help` lists the rest.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
LOCK := --universal --generate-hashes --no-header --no-annotate
# Tests wait for much: three of them keep two processors busy.
WORKERS ?= 3
# The tests make and drop databases by the thousand: in memory, where 12 GB are free.
MEMORY := /dev/shm
TEMPORARY := $(shell df -k $(MEMORY) 2>/dev/null | awk 'NR == 2 && $$4 > 12e6 {print "TMPDIR=$(MEMORY)"}')
# Passed on: make run CONTACTS=5000
CONTACTS ?=
QUICK ?=
ROUNDS ?= 200
SEED ?= 1
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run test coverage bench faults simulate lint tour package deb lock clean help
.PHONY: qt-packages package-packages test-packages compiled

run: $(VENV)/.run ## open the desktop with a demo centre; without a screen, make its pictures
	@if [ "$$(uname -s)" != Linux ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	    sh installer/system-packages.sh qt && \
	    $(PY) -m crm_desktop demo run $(if $(CONTACTS),--contacts $(CONTACTS)) $(ARGS); \
	else \
	    echo "There is no display here, so the tour runs instead of the desktop."; \
	    $(MAKE) --no-print-directory tour && \
	    echo "Its pictures are in $(CURDIR)/build/tour"; \
	fi

tour: $(VENV)/.run qt-packages ## drive the real program through its main job; pictures in build/tour
	@$(PY) -m crm_desktop tour --out build/tour --calls "$(PY) -m tests.servers.calls_for_tour" \
	    --chats "$(PY) -m tests.servers.chat_for_tour" \
	    --posts "$(PY) -m tests.servers.posts_for_tour" $(ARGS)

package: $(VENV)/.package package-packages ## freeze the program into dist/crm-desktop
	@$(PY) installer/freeze.py
	@echo "It is dist/crm-desktop/crm-desktop"

deb: $(VENV)/.package package-packages ## the Debian package around it, in dist
	@$(PY) installer/deb.py

test: lint test-packages $(VENV)/.package compiled ## run every check: lint, types, layers, all tests
	$(TEMPORARY) $(VENV)/bin/pytest -n $(WORKERS) $(ARGS)

coverage: test-packages $(VENV)/.package compiled ## all tests, and which lines they reach; takes a fifth longer
	$(TEMPORARY) $(VENV)/bin/pytest -n $(WORKERS) --cov --cov-report=term:skip-covered $(ARGS)

bench: $(VENV)/.dev test-packages compiled ## measure against the targets; QUICK=1: a small centre, five minutes
	@$(PY) -m tests.benchmarks $(if $(QUICK),--quick) $(ARGS)

faults: $(VENV)/.dev test-packages ## kill everything at random under load, ROUNDS=200 times; needs root or sudo
	@$(PY) -m tests.faults --seed $(SEED) --rounds $(ROUNDS) $(ARGS)
	@$(VENV)/bin/pytest -m faults

simulate: $(VENV)/.dev test-packages ## three days of a hundred advisors on the real routing, against Erlang's answer
	@$(VENV)/bin/pytest -m simulation -rP --no-header $(ARGS)

lint: $(VENV)/.dev ## ruff, mypy and import-linter
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

lock: build/lock/bin/uv ## renew the locked versions and hashes of all dependencies
	build/lock/bin/uv pip compile $(LOCK) pyproject.toml -o requirements.lock
	build/lock/bin/uv pip compile $(LOCK) --group dev pyproject.toml -o requirements-dev.lock
	build/lock/bin/uv pip compile $(LOCK) --group build -o requirements-build.lock
	build/lock/bin/uv pip compile $(LOCK) --group package -o requirements-package.lock

clean: ## remove the virtual environment, pictures and caches
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -f .coverage .coverage.*
	find . -name __pycache__ -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

# Where the environment keeps Python from writing bytecode, each of hundreds of processes would
# compile the program again: 0.7 seconds.
compiled: $(VENV)/.dev
	@$(PY) -m compileall -q crm_desktop tests

qt-packages:
	@sh installer/system-packages.sh qt

package-packages:
	@sh installer/system-packages.sh package

test-packages: $(VENV)/.dev
	@sh installer/system-packages.sh test
	@$(PY) -m tests.servers.asterisk_program
	@$(PY) -m tests.servers.snac
	@$(PY) -m tests.servers.bluesky_program

$(PY):
	@sh installer/make-venv.sh $(VENV)

$(VENV)/.run: requirements.lock requirements-build.lock pyproject.toml | $(PY)
	@echo "Installing the program's libraries (once) …"
	@$(PIP) install --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --require-hashes -r requirements-build.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "Installing the tools of the checks (once) …"
	@$(PIP) install --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.package: $(VENV)/.run requirements-package.lock
	@echo "Installing what freezes the program (once) …"
	@$(PIP) install --no-deps --require-hashes -r requirements-package.lock
	@touch $@

build/lock/bin/uv:
	@sh installer/make-venv.sh build/lock
	@build/lock/bin/python -m pip --quiet install uv
