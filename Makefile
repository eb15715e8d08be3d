# The two commands are `make run` and `make test`. Both begin from nothing: they need Python 3.11
# to 3.13, git and make. `.venv` is made once, and again only where pyproject.toml has changed.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test lint pytest format reference picture figures system clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.installed-run ## Install, then run the sample case: a window, or a video and a trend
	@BIN="$(BIN)" scripts/run-sample $(CASE)

test: lint pytest ## Install, then run every check that CI runs

lint: $(VENV)/.installed-dev ## Style, format, types, and which module may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy examples/leakwatch-example/leakwatch_example.py
	$(BIN)/lint-imports

# A file's tests stay in one process, with what they share. More processes gain little.
pytest: $(VENV)/.installed-dev ## The tests alone; PYTEST="-k motion" passes options on
	@scripts/system-packages qt
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile $(PYTEST)

format: $(VENV)/.installed-dev ## Rewrite the files as `make lint` wants them
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

reference: $(VENV)/.installed-dev ## Write the pages of docs/reference that come from the program
	$(BIN)/python scripts/write_reference.py

picture: $(VENV)/.installed-run ## Draw the pictures of the documentation again, from the sample case
	$(BIN)/leakwatch replay sample_dicom/epidural.case.json --frame 46 --record docs/images/overlay.png
	$(BIN)/python scripts/draw_windows.py
	$(BIN)/python scripts/training_picture.py
	$(BIN)/python scripts/mark_pictures.py

figures: $(VENV)/.installed-dev ## Measure again the figures that README.md quotes
	$(BIN)/python benchmarks/figures.py

clean: ## Remove the environment and everything that the commands made
	rm -rf $(VENV) out build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache

# Where root runs this, missing Debian packages are installed; where not, they are named. Without
# those for Qt all but the window and the tests works, so that only a missing venv ends it here.
system:
	@PYTHON="$(PYTHON)" scripts/system-packages venv qt || $(PYTHON) -c 'import ensurepip' 2>/dev/null

$(VENV)/.installed-run: pyproject.toml | system
	@echo "Installing LeakWatch into $(VENV); the first time this takes some minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[gui]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | system
	@echo "Installing LeakWatch into $(VENV); the first time this takes some minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $(VENV)/.installed-run $@
