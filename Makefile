# Every target first makes what it needs: a virtual environment in .venv, filled from the lock files, with uv where that
# is installed and with pip otherwise. All paths are relative, so that the directory's own name may hold spaces.
#
#   make demo ARGS="--leaver julia"      make test ARGS="tests/docs"      make PYTHON=python3.12 demo
PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
# What the service and the demo need is quicker to install than what the tests need on top of it.
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
# Clients that vendors publish for Node alone; without Node their tests are left out.
CLIENTS := tests/clients/node_modules/.installed

UV := $(shell command -v uv 2>/dev/null)
ifdef UV
  # uv finds a Python that is new enough by itself, unless one was named.
  MAKE_VENV = uv venv -q --python "$(if $(filter file,$(origin PYTHON)),>=3.11,$(PYTHON))" $(VENV)
  INSTALL = uv pip install -q --python $(BIN)/python
else
  MAKE_VENV = "$(PYTHON)" -m venv $(VENV)
  INSTALL = $(BIN)/python -m pip install -q --disable-pip-version-check
endif

# An environment whose Python is gone, after an upgrade of the system for example, is made anew.
ifneq ($(shell $(BIN)/python -c 'print("alive")' 2>/dev/null),alive)
  $(shell rm -f $(RUN) $(DEV))
endif

.PHONY: help install demo test check docs lock clean
.NOTPARALLEL:

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

install: $(DEV) ## Make .venv with everything in it

$(RUN): requirements.lock pyproject.toml
	@[ -e $@ ] || rm -rf $(VENV)  # half-made
	@[ -n "$(UV)" ] || command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "There is no $(PYTHON) here. Offboard needs Python 3.11 or newer; name it with: make PYTHON=/path/to/python3"; \
	  exit 1; }
	@[ -n "$(UV)" ] || "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Offboard needs Python 3.11 or newer; $(PYTHON) is older. Name another with: make PYTHON=python3.12 ..."; \
	  exit 1; }
	@echo "Setting up .venv, once ..."
	@[ -d $(VENV) ] || $(MAKE_VENV) || { rm -rf $(VENV); \
	  echo "No virtual environment could be made. On Debian and Ubuntu, first: sudo apt-get install python3-venv"; \
	  exit 1; }
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps -e .
	@touch $@

$(DEV): $(RUN) requirements-dev.lock
	@echo "Adding what the tests need, once ..."
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

$(CLIENTS): tests/clients/package-lock.json
	@echo "Adding the clients that vendors publish for Node, once ..."
	@npm ci --prefix tests/clients --no-audit --no-fund --loglevel=error && touch $@ || \
	  echo "They could not be installed by npm: their tests will be left out."

demo: $(RUN) ## Start the service and the town to try it in; prints the address
	@$(BIN)/python -m bot demo $(ARGS)

test: $(DEV) $(CLIENTS) ## Run the test suite; says what it leaves out for want of a browser, Postgres or Node
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -rs $(ARGS)

check: $(DEV) ## Lint, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: $(DEV) ## Renew the parts of README.md and docs/ that are made from the code
	@$(BIN)/python tests/docs/doc_parts.py

lock: ## Renew the lock files after a change of pyproject.toml (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean: ## Remove what the targets made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .demo tests/clients/node_modules
