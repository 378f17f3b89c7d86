# make demo   the states of alanine dipeptide, in the folder mdgmvae-demo
# make test   the fast tests, with the examples in the docstrings
# make bench  speed, against other implementations too, into benchmarks/RESULTS.md
# All targets make a virtual environment in .venv first; remove it with make clean.

VENV := .venv
BIN := $(VENV)/bin
# Errors are shown, notes about mirrors and cached files are not.
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
DEMO := mdgmvae-demo

# A name on PATH may be a stub that only prints an error, and Debian's python3 comes without
# ensurepip: so each candidate is run.
SUITABLE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	if "$$name" -c '$(SUITABLE)' 2> /dev/null; then echo "$$name"; break; fi; done)

# Versions to keep to, for example CONSTRAINTS=.github/oldest.txt.
CONSTRAINTS ?=
# Python compiles the few modules that are imported, faster than pip compiles all of them. It must
# keep what it compiled: without, TensorFlow's import takes four times as long, in every process.
unexport PYTHONDONTWRITEBYTECODE
INSTALL := $(PIP) install --no-compile $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS))

# Each worker imports TensorFlow (about 1 GB of memory). A worker that has finished takes over
# half of the tests that another one still has to run. By default one per processor, at most four.
PROCESSORS := $(shell nproc 2> /dev/null || sysctl -n hw.ncpu 2> /dev/null || echo 2)
WORKERS ?= $(shell echo $$(($(PROCESSORS) < 4 ? $(PROCESSORS) : 4)))
PYTEST := $(BIN)/python -m pytest
FAST := $(PYTEST) -m "not slow" -n $(WORKERS) --dist worksteal

# biobb-pytorch asks for versions of its time; newer ones do.
PEERS := .venv-peers
# What else is asked of the benchmark: BENCH=--quick, BENCH="--only training".
BENCH ?=

.PHONY: help demo test test-slow slowest coverage lint bench clean

help:
	@echo "make demo       run the embedded example, alanine dipeptide, into $(DEMO)/"
	@echo "make test       run the fast tests and the examples in the docstrings"
	@echo "make test-slow  run the tests that take two seconds and more each"
	@echo "make slowest    list the twenty slowest of the fast tests"
	@echo "make coverage   run the fast tests and list the lines that none of them runs"
	@echo "make lint       check style and types (ruff, mypy)"
	@echo "make bench      measure speed, against other implementations too (an hour and more)"
	@echo "make clean      remove $(VENV), $(DEMO) and what builds and tests leave behind"

demo: $(VENV)/.installed
	$(BIN)/mdgmvae demo -o $(DEMO) --overwrite

test: $(VENV)/.installed-dev
	$(FAST) --doctest-modules mdgmvae tests

# Fixtures of these tests are costly, so all tests of a file run on one worker. The longest test
# (in tests/cli) starts first only if files are not reordered.
test-slow: $(VENV)/.installed-dev
	$(PYTEST) -m slow -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests

# In one process, so that no test waits for another.
slowest: $(VENV)/.installed-dev
	$(PYTEST) -m "not slow" --quiet --durations 20 --durations-min 0.5 tests

coverage: $(VENV)/.installed-dev
	$(FAST) --cov --cov-report term-missing:skip-covered --doctest-modules mdgmvae tests

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev $(PEERS)/.installed
	$(BIN)/python benchmarks/speed/bench.py --peers $(CURDIR)/$(PEERS)/bin/python $(BENCH)

$(PEERS)/.installed: $(VENV)/.created
	$(BIN)/python -m venv --clear $(PEERS)
	$(PEERS)/bin/python -m pip --disable-pip-version-check -qq install \
		torch lightning mlcolvar biobb-common mdtraj
	$(PEERS)/bin/python -m pip --disable-pip-version-check -qq install --no-deps biobb-pytorch
	@touch $@

clean:
	rm -rf $(VENV) $(PEERS) $(DEMO) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage*
	find . -name __pycache__ -prune -exec rm -rf {} +

# The stamps: what is there is installed again only when pyproject.toml has changed.
$(VENV)/.created:
	@python="$(PYTHON)"; \
	if ! "$$python" -c '$(SUITABLE)' 2> /dev/null; then \
		echo "Found no Python 3.11, 3.12 or 3.13 that can make a virtual environment." >&2; \
		echo "Install one (on Debian with python3-venv), or name it: make PYTHON=/path/to/python" >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.created
	@echo "Installing mdgmvae and what it needs (TensorFlow is large: this takes minutes, once)"
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.created
	@echo "Installing mdgmvae with everything that the tests need (minutes, once)"
	@$(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.installed
