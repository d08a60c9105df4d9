# The environment is made on the way: `make demo` or `make test` is all there is to type on a machine with Python 3.11.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

CORES ?= 2
RESULTS ?= results
VENV := .venv
STAMP := $(VENV)/.requirements.lock
DEMO := config/demo/config.yaml
TESTS = python -m pytest --dist loadfile --no-loadscope-reorder --numprocesses
# Tools of the environment come first, whether or not it is activated; no profile of the user's changes the demo.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Snakemake, numba and others keep caches in the home folder; where it can't be written, they are kept here.
ifneq ($(shell dir="$${XDG_CACHE_HOME:-$$HOME/.cache}"; mkdir -p "$$dir" 2> /dev/null && test -w "$$dir" && echo yes),yes)
export XDG_CACHE_HOME := $(CURDIR)/.cache
endif
unexport SNAKEMAKE_PROFILE PYTHONPATH PYTHONHOME VIRTUAL_ENV

help:  ## say what can be made
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

env: $(STAMP)  ## build the environment .venv

demo: $(STAMP)  ## run the study in miniature, simulated reads to report (CORES=2)
	@snakemake --cores $(CORES) --configfile $(DEMO) --workflow-profile config/profiles/local
	@echo "The report: $(CURDIR)/results/demo/report/report.html"

test: $(STAMP)  ## units, dry runs, the reduced demo with its truth and its report (PYTEST="-k sheet" for some)
	@$(TESTS) $(CORES) -m "not full" $(PYTEST)

# One process more than there are cores: whole runs wait for jobs of one thread, for kills and for Slurm.
test-all: $(STAMP)  ## the other tests: whole runs, of the demo, real data, kills, Slurm; agreement with other software
	@$(TESTS) $$(($(CORES) + 1)) -m full $(PYTEST)

lint: $(STAMP)  ## formatting, faults and imports, of Python and Snakemake
	@ruff check
	@ruff format --check --quiet || { echo "make format would mend that"; exit 1; }
	@snakefmt --check Snakefile rules workflow 2> /dev/null || { snakefmt --compact-diff Snakefile rules workflow; echo "make format would mend that"; exit 1; }
	@python tests/lint_workflow.py --configfile $(DEMO)
	@said=$$(lint-imports --no-logo --no-cache) || { echo "$$said"; exit 1; }

format: $(STAMP)  ## rewrite Python and Snakemake files as `make lint` wants them
	@ruff check --fix --quiet || true
	@ruff format
	@snakefmt Snakefile rules workflow 2> /dev/null

benchmark: $(STAMP)  ## the SCENIC kernels compared with arboreto, pySCENIC and others (BENCHMARK=--quick to try it)
	@python tests/benchmarks/scenic.py $(BENCHMARK)

scale: $(STAMP)  ## time, memory and disk at full size, hours (SCALE="--parts reads --millions 12.5", SCALE=--quick to try it)
	@python tests/benchmarks/scale.py $(SCALE)

calibration: $(STAMP)  ## error rates of every p-value, interval and verdict; CALIBRATION=--quick to try it, --write for the docs
	@python tests/calibration/calibrate.py $(CALIBRATION)

resources: $(STAMP)  ## what rules ask a cluster for, from finished runs (RESULTS="results results/demo")
	@python -m scripts.study.fit_resources $(RESULTS)

faults: $(STAMP)  ## kill runs ≥ 50 times and give bad inputs to every entry; figures in results/faults.json
	@python tests/faults/run.py $(FAULTS)

lock: $(STAMP)  ## renew requirements.lock from pyproject.toml, for every Python 3.11
	@uv pip compile --quiet pyproject.toml --group dev --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade \
	  --output-file requirements.lock
	@echo "Versions in envs/ must follow: make test PYTEST=tests/dag/test_envs.py"

clean-demo:  ## remove the demo's results
	@rm -rf results/demo
	@echo "results/demo is gone."

# One environment, made from the lock whenever that has changed. Nothing is fetched but from the package index that pip is
# set up for; uv, which doesn't read pip's settings, is told, and trusts the system's certificates if its own won't do.
# Packages are compiled now: each job starts Python again, often as somebody who may not write to a shared environment, or where
# PYTHONDONTWRITEBYTECODE is set (containers); without, loading Snakemake and scanpy takes about twice as long each time. The tests
# of packages, a fifth of all code, are left out; a file of another Python's syntax fails to compile, and is of no use here.
$(STAMP): requirements.lock
	@cmp --silent requirements.lock $@ && { touch $@; exit 0; } || true; \
	right() { "$$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2> /dev/null; }; \
	if [ ! -e $(VENV) ]; then \
	  for python in python3.11 python3 python ""; do right "$$python" && break || true; done; \
	  if [ -z "$$python" ]; then \
	    echo "error: Python 3.11 is needed, and neither python3.11 nor python3 is one; install it, or put it first in PATH" >&2; \
	    exit 1; \
	  fi; \
	  echo "Making the environment $(VENV): once, about a minute …"; \
	  "$$python" -m venv $(VENV) || { \
	    rm -rf $(VENV); \
	    echo "error: $$python makes no environment; install its venv package (Debian: python3.11-venv)" >&2; \
	    exit 1; }; \
	elif ! right $(VENV)/bin/python; then \
	  echo "error: $(VENV) isn't an environment of Python 3.11; remove it and call make again" >&2; \
	  exit 1; \
	else \
	  echo "Bringing the environment $(VENV) up to requirements.lock …"; \
	fi; \
	$(VENV)/bin/uv --version > /dev/null 2>&1 \
	  || $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv; \
	index=$${PIP_INDEX_URL:-$$($(VENV)/bin/python -m pip config get global.index-url 2> /dev/null || true)}; \
	if [ -n "$$index" ] && [ -z "$${UV_DEFAULT_INDEX:-}$${UV_INDEX_URL:-}" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	sync() { $(VENV)/bin/uv pip sync --quiet --require-hashes --python $(VENV)/bin/python "$$@" requirements.lock; }; \
	sync 2> /dev/null || sync --system-certs; \
	$(VENV)/bin/python -m compileall -q -j 0 -x 'site-packages/.*/tests?/' $(VENV)/lib > /dev/null || true; \
	cp requirements.lock $@

.PHONY: help env demo test test-all lint format benchmark scale calibration resources faults lock clean-demo
