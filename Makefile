# `make backfill` and `make test` do their own set-up, once. Nothing but Python 3.10-3.13, make and git is needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

# Only wheels and archives with the locked hashes get in. dbt-core's optional parser is left out of the locks, so pip
# must not look for it.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

START_DATE ?= 2021-10-01
END_DATE ?= 2024-05-01

.PHONY: help setup backfill check test test-quick test-bigquery smoke-bigquery lint lint-python lint-duckdb lint-bigquery lint-changed lint-structure bench bench-full docs lock clean

help: ## Say what each command does
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: $(INSTALLED) profiles.yml ## Make the environment from the lock, and profiles.yml from its example

backfill: setup ## Fill the embedded DuckDB with three demo seasons, and backfill them
	$(BIN)/demo-league
	$(BIN)/nba-backfill run --start-date $(START_DATE) --end-date $(END_DATE)

test: $(INSTALLED_DEV) profiles.yml ## Run all tests
	$(BIN)/pytest

check: $(INSTALLED_DEV) profiles.yml ## For the minute between two edits: the linters of what has changed, the dbt unit tests and the quick tests
	$(MAKE) --no-print-directory -j 2 test-quick lint-changed lint-structure lint-python

# The longest first, so that nobody waits for it in the end; three, since many others only wait.
test-quick: $(INSTALLED_DEV) profiles.yml
	$(BIN)/pytest --numprocesses 3 --durations 0 --durations-min 3 -m quick tests/python/test_project.py tests/python

test-bigquery: $(INSTALLED_DEV) profiles.yml ## Judge the SQL as BigQuery does, and run it where a server answers
	$(BIN)/pytest --numprocesses 0 --capture no tests/python/test_bigquery_sql.py tests/python/test_bigquery.py tests/python/test_bigquery_backfill.py tests/python/test_bigquery_faults.py

smoke-bigquery: setup ## Try everything once on an empty BigQuery project: PROJECT=…
	$(BIN)/python scripts/smoke_bigquery.py $(PROJECT) $(if $(GAMES),--games $(GAMES))

lint: $(INSTALLED_DEV) profiles.yml ## Check Python, SQL for both dialects, and how the dbt project is built
	$(MAKE) --no-print-directory -j 2 lint-duckdb lint-bigquery lint-python lint-structure

lint-python: $(INSTALLED_DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

lint-duckdb: $(INSTALLED_DEV) profiles.yml
	$(BIN)/python scripts/lint_sql.py duckdb models tests analyses

lint-bigquery: $(INSTALLED_DEV) profiles.yml
	$(BIN)/python scripts/lint_sql.py bigquery models tests analyses

# All of it takes minutes: the rules of the gate are one long statement.
lint-changed: $(INSTALLED_DEV) profiles.yml
	@of='models/*.sql tests/assert_*.sql analyses/*.sql'; \
	pushed=$$(git merge-base HEAD origin/HEAD 2>/dev/null || echo HEAD); set -f; \
	changed=$$(git diff --name-only --diff-filter=d $$pushed -- $$of; git ls-files --others --exclude-standard -- $$of); \
	test -z "$$changed" || for dialect in duckdb bigquery; do $(BIN)/python scripts/lint_sql.py $$dialect $$changed || exit; done

lint-structure: $(INSTALLED_DEV) profiles.yml
	$(BIN)/dbt --quiet parse --no-version-check --target-path target/structure
	if [ -x $(BIN)/dbt-bouncer ]; then $(BIN)/dbt-bouncer run --show-all-failures; \
	else echo "The structure is not checked: dbt-bouncer asks for Python 3.11."; fi

bench: $(INSTALLED) profiles.yml ## Measure this project against others on the same work: INTO=…
	$(BIN)/python -m benchmarks $(if $(INTO),--into $(INTO))

bench-full: $(INSTALLED) profiles.yml ## The same with what takes long, about 40 minutes
	$(BIN)/python -m benchmarks --full $(if $(INTO),--into $(INTO))

docs: setup ## Build the dbt docs, also as one file, target/static_index.html, and serve them
	$(BIN)/dbt docs generate --static --no-version-check
	$(BIN)/dbt docs serve --no-version-check

lock: ## Resolve the locks anew; needs uv
	export UV_CUSTOM_COMPILE_COMMAND="make lock"; \
	compile="uv pip compile pyproject.toml --universal --python-version 3.10 --generate-hashes --no-emit-index-url \
	--no-annotate --quiet --upgrade"; \
	$$compile --extra dev --output-file requirements-dev.lock && \
	$$compile --constraints requirements-dev.lock --output-file requirements.lock && \
	uv pip compile benchmarks/sqlmesh.in --universal --python-version 3.10 --generate-hashes \
	--no-emit-index-url --no-annotate --quiet --upgrade --output-file benchmarks/sqlmesh.lock

clean: ## Remove the environment and what runs have left, but no data
	rm -rf $(VENV) target logs

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 10) <= sys.version_info < (3, 14) else "Python 3.10 to 3.13 is needed, this is " + sys.version.split()[0] + ". Pass another one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --require-hashes --requirement requirements.lock
	$(PIP_INSTALL) --no-build-isolation --editable .
	touch $@

$(INSTALLED_DEV): $(INSTALLED) requirements-dev.lock
	$(PIP_INSTALL) --require-hashes --requirement requirements-dev.lock
	touch $@

profiles.yml: profiles.example.yml
	test -f $@ || cp profiles.example.yml $@
	touch $@
