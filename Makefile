# Himoya: everything that is done with the project by hand. `make` alone lists it.
#
# A variable given on the command line (`make run PORT=9000`) reaches the program as an environment variable: make exports it by itself.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

# The newest Python that really runs and can make a virtual environment: a name on PATH may be a shim with nothing behind it, and a
# system's Python may come without venv. `make … PYTHON=/path/to/python` overrides the choice. It is looked for only when it is needed.
CANDIDATES = python3.14 python3.13 python3.12 python3.11 python3 python
USABLE = import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))
PYTHON = $(shell for name in $(CANDIDATES); do "$$name" -c '$(USABLE)' >/dev/null 2>&1 && { echo "$$name"; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes

# A dollar sign in these is one, and no variable of make's: DEMO_PASSWORD='pa$word' reaches the service as it was typed.
AS_GIVEN = DEMO_PASSWORD DATABASE_URL IDENTIFIER_KEYS IDENTIFIER_INDEX_KEYS
$(foreach name,$(AS_GIVEN),$(if $(filter command,$(origin $(name))),$(eval export override $(name) := $$(value $(name)))))

# Extra arguments for the tests (`make test ARGS='-k login -x'`) and for the benchmark.
ARGS =

.PHONY: help run test check bench openapi migration lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "Variables: HOST PORT DATABASE_URL DEMO_PASSWORD and every other setting of the service; PYTHON; ARGS (test, bench)."

run: $(VENV)/.runtime ## Serve with demonstration data: HOST=… (PUBLIC_URL=… too for 0.0.0.0) PORT=… DATABASE_URL=… DEMO_PASSWORD=…
	@exec $(BIN)/python -m app serve --migrate --demo

test: check ## Lint, types, layers, Dockerfile and the whole suite on both databases: ARGS='-k login'
	@echo "== tests"
	@$(BIN)/python -m pytest -n auto --dist=loadgroup $(ARGS)

check: $(VENV)/.test ## Lint, types, layers and the Dockerfile, without the tests.
	@echo "== ruff"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@echo "== mypy"
	@$(BIN)/python -m mypy
	@echo "== layers"
	@$(BIN)/lint-imports --no-cache --no-logo
	@echo "== hadolint"
	@$(BIN)/hadolint Dockerfile

bench: $(VENV)/.bench ## Measure the service against its peers and print the table: ARGS=…
	@exec $(BIN)/python -m tests.bench $(ARGS)

openapi: $(VENV)/.runtime ## Write the contract, openapi/openapi.json, from the code.
	@$(BIN)/python -m app openapi > openapi/openapi.json.new && mv openapi/openapi.json.new openapi/openapi.json || { rm -f openapi/openapi.json.new; exit 1; }

# A revision is the difference between the models and a database at head, so a fresh one is made for it and thrown away.
migration: $(VENV)/.test ## Write a migration for what changed in the models: name=add-venues
	@test -n "$(name)" || { echo "Say what the migration does: make migration name=add-venues" >&2; exit 2; }
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && export DATABASE_URL="sqlite:///$$folder/migration.db" && \
		$(BIN)/python -m alembic upgrade head && $(BIN)/python -m alembic revision --autogenerate -m "$(name)"

# Existing pins are kept unless the bounds in pyproject.toml rule them out; UPGRADE=1 takes the newest of everything. The locks hold for
# every platform and every Python from 3.11 on, and name neither an index nor a path, so any mirror serves.
UV_VERSION := 0.13.9
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(if $(UPGRADE),--upgrade) pyproject.toml
lock: $(VENV)/.made ## Remake the lock files from pyproject.toml: UPGRADE=1
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(COMPILE) -o requirements.lock
	@$(COMPILE) --extra test -c requirements.lock -o requirements-test.lock
	@$(COMPILE) --extra bench -c requirements.lock -o requirements-bench.lock

clean: ## Remove the virtual environment and the caches; data stay.
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis openapi/tools/node_modules

# The stamps: each lock is installed again only when it changed.
$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Himoya needs Python 3.11 or newer with its venv module, and found none ($(CANDIDATES))." >&2; echo "Install one, or name it: make … PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Himoya needs Python 3.11 or newer; $(PYTHON) is not." >&2; exit 1; }
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock | $(VENV)/.made
	@echo "Installing $<"
	@$(PIP) -r $<
	@touch $@

$(VENV)/.test: requirements-test.lock | $(VENV)/.made
	@echo "Installing $<"
	@$(PIP) -r $<
	@touch $@

$(VENV)/.bench: requirements-bench.lock | $(VENV)/.made
	@echo "Installing $<"
	@$(PIP) -r $<
	@touch $@
