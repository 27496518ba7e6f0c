# The set-up of every target: a .venv with the project, its versions pinned by constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint fuzz torture soak bench samples ascmhl clean
.DEFAULT_GOAL := demo

demo: $(VENV)/installed
	@$(BIN)/rushes demo

test: $(VENV)/installed-dev
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile

lint: $(VENV)/installed-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

fuzz: $(VENV)/installed-dev
	@$(BIN)/python tests/fuzz/fuzz.py

# Everything that tests/torture tries, which takes hours; `make test` tries the part that every change can wait for.
torture: $(VENV)/installed-dev
	@RUSHES_TORTURE=1 $(BIN)/python -m pytest tests/torture -s -v

soak: $(VENV)/installed-dev
	@$(BIN)/python tests/torture/soak.py

bench: $(VENV)/installed-dev
	@$(BIN)/python benchmarks/run.py

samples: $(VENV)/installed-dev
	@$(BIN)/python sample_media/make.py

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Rushes needs Python 3.11 or newer; install python3 (Debian: apt install python3 python3-venv) and run make again." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Rushes needs Python 3.11 or newer and $(PYTHON) is older; name a newer one with: make PYTHON=python3.12 demo" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is missing; install it (Debian: apt install python3-venv) and run make again." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Rushes into $(VENV)..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

# The ASC's own tool judges our hash lists, from an environment of its own: it pins another click.
ascmhl: $(VENV)-ascmhl/installed

$(VENV)-ascmhl/installed: constraints.txt
	@$(PYTHON) -m venv $(VENV)-ascmhl
	@$(VENV)-ascmhl/bin/python -m pip install --quiet --disable-pip-version-check 'ascmhl==1.2'
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-ascmhl demo-film .mypy_cache .ruff_cache .pytest_cache
