# Needs make and Python 3.11, 3.12 or 3.13; everything else is installed into .venv on first use.
# Variables: ONLY=NAME narrows parity, report, accuracy, differences or faults; QUICK=1 shortens
# report and accuracy; MODE=compiled compiles what accuracy measures, FRESH=1 drops what it measured
# before, or the checkpoint that train would go on from; MODEL=cnn FRAMEWORK=torch are what train
# trains, by EPOCHS=n and SEED=n if these are given;
# A=old.csv B=new.csv are what report-diff compares; ALL=1 plants every fault, for an hour or two;
# EXTRAS=gpu adds TensorFlow's GPU libraries; PYTHON=/path/to/python chooses what .venv is made with.

PYTHON ?= python3
EXTRAS ?=
ONLY ?=
ALL ?=
QUICK ?=
A ?=
B ?=
MODE ?=
FRESH ?=
MODEL ?=
FRAMEWORK ?=
EPOCHS ?=
SEED ?=

venv := .venv
python := $(venv)/bin/python
stamp := $(venv)/.installed-$(or $(EXTRAS),base)
only = $(if $(ONLY),--only '$(ONLY)')

.PHONY: help setup parity report report-diff accuracy differences train test faults figures sample keep clean
.DEFAULT_GOAL := help

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile
	@awk '/^# Variables:/, !/^#/ { if (sub(/^# /, "")) print }' Makefile

$(stamp): pyproject.toml constraints.txt
	@sh tools/setup.sh '$@' '$(PYTHON)' '$(EXTRAS)'

setup: $(stamp) ## Install the pinned packages into .venv

parity: $(stamp) ## Compare both frameworks concept by concept and write the tables
	$(python) -m reports.parity $(only)

report: $(stamp) ## Time everything in both frameworks and write the tables and figures
	$(python) -m reports.performance $(strip $(only) $(if $(QUICK),--quick))

report-diff: $(stamp) ## Say which ratios changed between two reports, A=old.csv B=new.csv
	@$(if $(and $(A),$(B)),,echo "Name two reports: make report-diff A=old.csv B=new.csv" >&2; exit 2)
	$(python) -m reports.performance_diff '$(A)' '$(B)'

accuracy: $(stamp) ## Measure each function over all float32 inputs, an hour; QUICK=1, a minute
	$(python) -m reports.accuracy $(only)$(if $(QUICK), --quick)$(if $(MODE), --mode $(MODE))$(if $(FRESH), --fresh)

# the errors that it provokes it reports itself
differences: export TF_CPP_MIN_LOG_LEVEL = 3
differences: $(stamp) ## Measure where the frameworks disagree, and what aligns them
	$(python) -m reports.differences $(only)

train: $(stamp) ## Train one model, MODEL=cnn FRAMEWORK=torch, and show what it has learned
	$(python) -m reports.train '$(MODEL)' '$(FRAMEWORK)'$(if $(EPOCHS), --epochs $(EPOCHS))$(if $(SEED), --seed $(SEED))$(if $(FRESH), --fresh)

test: $(stamp) ## Check style and imports, then run every test and docstring example
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(venv)/bin/lint-imports --no-logo
	$(python) -m pytest

faults: $(stamp) ## Plant small faults in both halves and report the share that tests catch
	$(python) -m parity_tests.faults $(only)$(if $(ALL),--all)

figures: $(stamp) ## Draw every figure from the measurements
	$(python) -m reports.figures

sample: $(stamp) ## Refresh the committed sample in reports/sample, and the table in README.md
	$(python) -m reports.parity --output reports/sample
	$(python) -m reports.figures --sample
	$(python) -m reports.readme

keep: $(stamp) ## Put the last reports of costs, accuracy and differences in reports/sample
	$(python) -m reports.keep

clean: ## Remove .venv, the caches and the generated reports
	rm -rf $(venv) reports/output *.egg-info .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
