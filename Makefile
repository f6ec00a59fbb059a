# The two commands are `make run` and `make test`; `make` alone lists the others.
PYTHON ?= python3
PORT ?= 8000
export PORT
PY = .venv/bin/python
PACKAGES = anct_portal common files territories accounts notifications programmes operators committees requests reports

.DEFAULT_GOAL := help
.PHONY: help run test test-db chaos bench mutation lint format types arch migrations resetdb prepare prepare-tests

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk 'BEGIN {FS = ":.*## "} {printf "  make %-10s %s\n", $$1, $$2}'

prepare:
	@$(PYTHON) setup/prepare.py

prepare-tests:
	@$(PYTHON) setup/prepare.py --tests

run: prepare ## the whole portal with its servers and demonstration data, on http://localhost:8000 (PORT=…)
	@exec $(PY) -m anct_portal.run

test: prepare-tests ## the whole suite, on servers of its own (ARGS="-k name" for a part of it)
	@exec $(PY) -m anct_portal.embedded --test -- $(PY) -m pytest -n 2 --dist loadgroup $(ARGS)

test-db: prepare-tests ## the tests marked `db`, on the PostgreSQL and Redis of localhost's standard ports
	@exec env DATABASE_URL=$${TEST_DATABASE_URL:-postgres://postgres@localhost:5432/postgres} \
		REDIS_URL=$${TEST_REDIS_URL:-redis://localhost:6379/9} $(PY) -m pytest -n 2 --dist loadgroup -m db $(ARGS)

chaos: prepare-tests ## kills, freezes and empties everything while people file and decide (MINUTES=… SEED=…)
	@exec env CHAOS_MINUTES=$(MINUTES) CHAOS_SEED=$(SEED) $(PY) -m anct_portal.embedded --test -- \
		$(PY) -m pytest -q tests/faults/test_chaos.py

bench: prepare-tests ## every goal of speed beside its floor, into docs/bench.md (FULL=1 for a million, SIZES=10000,100000)
	@exec env -u DATABASE_URL -u REDIS_URL PORTAL_VAR_DIR=$${PORTAL_VAR_DIR:-var}/bench SIZES=$(SIZES) FULL=$(FULL) \
		$(PY) -m anct_portal.embedded --set fsync=on --set shared_buffers=1GB --set max_wal_size=4GB -- $(PY) -m anct_portal.bench

mutation: prepare-tests ## how much of a change to the rules the tests notice, into docs/mutation.md (ARGS=routing for one group)
	@.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mutation.txt
	@exec $(PY) -m anct_portal.embedded --test -- $(PY) -m tests.mutation $(ARGS)

lint: prepare ## ruff (rules and format), djlint
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/djlint --lint --quiet templates

format: prepare ## rewrites the code as ruff formats it
	@.venv/bin/ruff check --fix --quiet .
	@.venv/bin/ruff format .

types: prepare ## mypy
	@.venv/bin/mypy $(PACKAGES)

arch: prepare ## who may import whom, and the tests about the repository itself
	@.venv/bin/lint-imports --no-cache
	@exec $(PY) -m anct_portal.embedded --test -- $(PY) -m pytest -q -p no:randomly tests/architecture

migrations: prepare ## makemigrations, and the file that makes two branches' migrations conflict in git
	@exec env DJANGO_SETTINGS_MODULE=tests.settings $(PY) -m anct_portal.embedded --test -- $(PY) manage.py makemigrations $(ARGS)

resetdb: prepare ## forgets the embedded databases; the next `make run` makes new ones
	@exec $(PY) -m anct_portal.embedded.reset
