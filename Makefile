# SPDX-License-Identifier: Apache-2.0
# From a bare checkout, with Python 3.11 or newer and make:
#
#   make demo                colorize a small folder of scans and show before and after
#   make demo PHOTOS=dir     the same for a folder of your own
#   make test                install what development needs and run every check
#
# Both create .venv once and install again only when pyproject.toml or constraints.txt have changed.
# A torch that already lies in .venv is kept, so that any build of it can be installed there first (see README.md).

PYTHON ?= python3
PHOTOS =
export PHOTOS

VENV := .venv
ifeq ($(OS),Windows_NT)
PY := $(VENV)/Scripts/python
else
PY := $(VENV)/bin/python
endif

INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test

demo: $(VENV)/demo.installed
	@$(PY) scripts/demo.py "$$PHOTOS"

test: $(VENV)/test.installed
	@$(PY) scripts/check

# --group needs a newer pip than the one that comes with Python 3.11
$(VENV)/pip.installed: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bwcolor needs Python 3.11 or newer; this is %s. Name another: make PYTHON=python3.12 ..." % sys.version.split()[0])'
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (a few minutes the first time: torch is large) ..."
	@$(INSTALL) --upgrade pip
	@touch $@

$(VENV)/demo.installed: pyproject.toml $(VENV)/pip.installed
	@$(INSTALL) --editable '.[train]' --group demo
	@touch $@

$(VENV)/test.installed: pyproject.toml $(VENV)/pip.installed
	@$(INSTALL) --editable '.[train]' --group dev
	@touch $@
