# The two commands are `make run` and `make test`; `make help` lists all.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run stop test unit browser check format messages openapi screenshots bench

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what is missing, start the database, load the zone
	@bin/setup

setup-dev: ## The same, with what the tests and checks need
	@bin/setup --dev

run: setup ## Serve the portal on http://127.0.0.1:8000 (PORT=8001 for another port)
	@bin/serve

stop: ## Stop what make run started, and only that
	@bin/serve stop

test: setup-dev ## Run the whole suite against a real PostGIS
	@.venv/bin/pytest -n 2 --dist loadgroup

unit: setup-dev ## Run the suite without the browser
	@.venv/bin/pytest -n 2 --ignore tests/browser

browser: setup-dev ## Run the browser tests only
	@.venv/bin/pytest tests/browser

check: setup-dev ## Lint, types, layers, templates, migrations, deployment checks
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/djlint --quiet --lint templates
	.venv/bin/mypy lib zones projects portal
	.venv/bin/lint-imports
	npx --no-install tsc -p jsconfig.json
	.venv/bin/python manage.py makemigrations --check --dry-run
	HTTPS=true .venv/bin/python manage.py check --deploy --fail-level WARNING

format: ## Format Python
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

messages: ## Collect the strings to translate into locale/
	.venv/bin/python manage.py makemessages -l zh_Hans --no-obsolete -i .venv -i node_modules -i var
	.venv/bin/python manage.py makemessages -l zh_Hans -d djangojs --no-obsolete -i .venv -i node_modules -i var

openapi: ## Write docs/openapi.yaml anew from the code
	.venv/bin/python manage.py spectacular --lang en --validate --fail-on-warn --file docs/openapi.yaml

screenshots: setup-dev ## Picture the main pages of the portal that runs (PORT=8001 for another port) in var/screenshots/
	@.venv/bin/python -m tests.browser.screenshots

bench: setup-dev ## Measure the portal beside tipg and MapServer on a million projects; writes docs/performance.md (20 minutes)
	@.venv/bin/python -m tests.perf
