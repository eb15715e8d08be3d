# The two commands are `make run` and `make test`. Both begin from nothing: they need Python 3.11
# to 3.13, git and make. `.venv` is made once, and again only where pyproject.toml has changed.
# Without make, as on Windows: docs/how-to/install.md.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Byte code is kept, whatever the shell says: the tests start hundreds of processes, and each would
# compile again all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# What the sample needs: a window where there is a display, else what encodes a video.
EXTRAS ?= $(if $(DISPLAY)$(WAYLAND_DISPLAY),gui,video)
comma := ,
INSTALLED := $(VENV)/.installed-$(subst $(comma),-,$(EXTRAS))
INSTALL := PYTHON="$(PYTHON)" VENV="$(VENV)" scripts/install

.DEFAULT_GOAL := help
.PHONY: help run install test lint wheel pytest format docs reference picture day figures system clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(INSTALLED) ## Install, then run the sample case: in a window, or to a video
	@BIN="$(BIN)" scripts/run-sample $(CASE)

install: $(INSTALLED) ## Install alone; EXTRAS=gui,net,report chooses what (pyproject.toml has them)

test: lint wheel pytest ## Install, then run every check that CI runs

lint: $(VENV)/.installed-dev ## Style, format, types, and which module may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: $(VENV)/.installed-dev ## Build wheel and sdist into dist/, and try the wheel where nothing else is
	$(BIN)/python scripts/check_wheel.py

# A file's tests stay in one process, with what they share. More processes gain little. Files come by
# name: by the number of tests, those with few and long ones come last, and a processor waits.
pytest: $(VENV)/.installed-dev ## The tests alone; PYTEST="-k motion" passes options on
	@scripts/system-packages qt
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile \
		--no-loadscope-reorder $(PYTEST)

format: $(VENV)/.installed-dev ## Rewrite the files as `make lint` wants them
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/.installed-dev ## Build the documentation as a site into build/site; any warning ends it
	$(BIN)/python scripts/build_docs.py

reference: $(VENV)/.installed-dev ## Write the pages of docs/reference that come from the program
	$(BIN)/python scripts/write_reference.py

picture: $(VENV)/.installed-dev ## Draw all pictures of the documentation again; takes some minutes
	$(BIN)/leakwatch replay sample_dicom/epidural.case.json --frame 46 --record docs/images/overlay.png
	$(BIN)/python scripts/draw_windows.py
	$(BIN)/python scripts/training_picture.py
	$(BIN)/python scripts/mark_pictures.py
	$(BIN)/python scripts/draw_animations.py

day: $(VENV)/.installed-dev ## Live through a day on screens of every size into build/day; takes 15 minutes
	@scripts/system-packages display
	$(BIN)/python scripts/day/whole_day.py --all --references tests/day/pictures

figures: $(VENV)/.installed-dev ## Measure again the figures of docs/reference/figures.md
	$(BIN)/python benchmarks/figures.py

clean: ## Remove the environment and everything that the commands made
	rm -rf $(VENV) out build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache

# Where root runs this, missing Debian packages are installed; where not, they are named.
system:
	@PYTHON="$(PYTHON)" scripts/system-packages venv || $(PYTHON) -c 'import ensurepip' 2>/dev/null

# `dev` holds what the sample needs, too.
$(VENV)/.installed-dev: pyproject.toml | system
	@$(INSTALL) dev
	@touch $(VENV)/.installed-gui $(VENV)/.installed-video $@

$(VENV)/.installed-%: pyproject.toml | system
	@$(INSTALL) $(subst -,$(comma),$*)
	@touch $@
