# `make help` lists the targets. PYTHON picks another interpreter than python3.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export SAM_CLI_TELEMETRY := 0
# Timezones come from the package tzdata, as in template.yaml.
export PYTHONTZPATH :=
# pyvips would compile a binding to a libvips of this machine, beside that of pyvips-binary.
export PKG_CONFIG := false

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .local/venv
RUN := $(VENV)/bin/python
LOCAL := $(RUN) -m local
IF_INSTALLED := [ -x $(RUN) ] || { echo "nothing is installed yet: make up"; exit 0; };
STACK ?= dev
# The default of template.yaml.
RUNTIME ?= $(shell sed -n 's/^  Runtime:.*Default: \([^,]*\),.*/\1/p' template.yaml 2>/dev/null)
ARGS ?=
PIP := -m pip install --quiet --disable-pip-version-check

.PHONY: help dev up down reset status demo seed trace redeploy emails invoke test unit check bench build package deploy openapi settings lock setup clean
.PHONY: migration baseline check-python check-examples check-sql check-template check-architecture test-runtime doctor backend-key email-status limits redis-users cache dead-letters suppressions reports wingmanmatch soak soak-chat guards

help: ## what the targets do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the stack on this machine ---------------------------------------------------------------

dev: setup ## everything in the foreground; Ctrl-C stops it
	@exec $(LOCAL) dev --name $(STACK)

up: setup ## everything in the background; returns when all is healthy
	@$(LOCAL) up --name $(STACK)

down: ## stop everything
	@if [ -x $(RUN) ]; then $(LOCAL) down --name $(STACK); fi

reset: ## stop everything and forget the data: the next `up` begins with an empty database
	@$(IF_INSTALLED) $(LOCAL) reset --name $(STACK)

status: ## which parts run
	@$(IF_INSTALLED) $(LOCAL) status --name $(STACK)

demo: setup ## from the registration to the reputation, with every email (the stack must be up)
	@$(LOCAL) demo --name $(STACK)

seed: setup ## believable profiles into the local database: ARGS='profiles=1000000 city=Vienna seed=2'
	@$(RUN) -m local.seed --name $(STACK) $(ARGS)

trace: setup ## what happened to a request, up to its emails and pushes: ARGS=<its X-Request-Id>
	@$(RUN) -m local.trace --name $(STACK) $(ARGS)

redeploy: setup ## build and deploy after a change of code
	@$(LOCAL) redeploy --name $(STACK)

emails: setup ## every email with pictures, as a page: .local/emails/index.html
	@PYTHONPATH=layers/shared $(RUN) -m local.emails

invoke: setup .local/runtime.stamp ## one function: FUNCTION=health EVENT=events/health/get.json EXPECT=200
	@PYTHONPATH=layers/shared $(LOCAL) invoke --name $(STACK) $(if $(EXPECT),--expect $(EXPECT)) "$(FUNCTION)" "$(EVENT)"

# --- checks ----------------------------------------------------------------------------------

test: setup .local/runtime.stamp .local/references.stamp .local/contract.stamp ## every test, in phases; ARGS= goes to one pytest, CLOCK= sets the time
	@$(if $(ARGS),$(ON_TEST_STACK) $(RUN) -m pytest $(ARGS),$(BEFORE) $(RUN) -m tests.run)

FIND = from local.package.interpreter import interpreter; print(interpreter("$(RUNTIME:python%=%)") or "")

PARALLEL := tests/unit tests/functions --own-stack -n auto --dist loadfile -p no:schemathesis

test-runtime: setup ## unit and function tests under the deployed Python; RUNTIME=python3.12 picks another
	@found=$$($(RUN) -c '$(FIND)'); \
	if [ -z "$$found" ]; then echo "NOT TESTED: there is no $(RUNTIME) here"; exit 0; fi; \
	echo "Unit and function tests under $(RUNTIME), $$found"; \
	$(MAKE) .local/$(RUNTIME).stamp INTERPRETER="$$found"; \
	$(ON_TEST_STACK) .local/$(RUNTIME)/bin/python -m pytest $(or $(ARGS),$(PARALLEL))

unit: setup ## the tests that need no stack
	@$(RUN) -m pytest tests/unit --numprocesses auto -p no:schemathesis $(ARGS)

check: check-python check-examples check-sql check-template check-architecture ## format, lint, types, import rules, SQL, template

check-python: setup
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/bandit --quiet --configfile pyproject.toml --recursive layers/shared functions local
	$(VENV)/bin/mypy layers/shared/wingman functions local tests
	PYTHONPATH=layers/shared $(VENV)/bin/lint-imports

check-examples: setup
	local/node_modules/.bin/prettier --check --log-level warn examples
	local/node_modules/.bin/tsc --project examples/realtime
	local/node_modules/.bin/tsc --project examples/realtime/test --noEmit

check-sql: setup
	$(VENV)/bin/sqlfluff lint supabase local/postgres local/schema local/seed local/wingmanmatch
	$(RUN) -m local.schema check

check-template: setup .local/checkov.stamp
	$(VENV)/bin/cfn-lint template.yaml
	.local/aws/bin/sam validate --lint --region us-east-1
	.local/aws/bin/python -m local.translated > .local/translated.json
	.local/checkov/bin/checkov --config-file local/checkov.yaml | tee .local/checkov.log
	@grep -q '^Passed checks: [1-9]' .local/checkov.log || { echo "checkov could not read the template"; exit 1; }

check-architecture: setup
	$(RUN) -m pytest -q tests/unit/architecture

# KEEP=yes lets the stack run on, for the next command.
# CLOCK='2027-02-01 23:30' sets everything's clock, and leaves no rows of that time behind.
AT = $(LOCAL) build --name test; $(LOCAL) reset --name test; clock=$$($(RUN) -m local.clock '$(CLOCK)'); eval "$$clock"; date -u;
END = $(LOCAL) $(if $(CLOCK),reset,down) --name test
BEFORE = $(if $(CLOCK),$(AT)) $(if $(KEEP),,trap '$(END)' EXIT;)
ON_TEST_STACK = $(BEFORE) $(LOCAL) up --name test;

bench: setup .local/runtime.stamp .local/references.stamp ## performance tables into docs/benchmarks.md; ARGS=bench_name
	@$(ON_TEST_STACK) PYTHONPATH=layers/shared $(RUN) -m tests.bench $(ARGS)

guards: setup .local/contract.stamp ## take each guard out of a copy and see its tests fail; ARGS=word picks some
	@$(ON_TEST_STACK) PYTHONPATH=layers/shared $(RUN) -m tests.guards $(ARGS)

soak: setup ## 10 000 emails while everything goes wrong, into docs/benchmarks.md; ARGS=seed
	@$(ON_TEST_STACK) PYTHONPATH=layers/shared $(RUN) -m tests.bench.soak $(ARGS)

soak-chat: setup ## 2000 messages while everything goes wrong, into docs/benchmarks.md; ARGS=seed
	@$(ON_TEST_STACK) PYTHONPATH=layers/shared $(RUN) -m tests.bench.chat $(ARGS)

# --- operating: ENV=staging, or the environment whose addresses are set, else the local stack -----

OPERATE := PYTHONPATH=layers/shared $(RUN) -m local.operate --name $(STACK) $(if $(ENV),--environment $(ENV))

doctor: setup ## check settings, keys, migrations, DNS of an environment; says what to fix
	@$(OPERATE) doctor $(ARGS)

backend-key: setup ## let the database accept this environment's BACKEND_KEY; ARGS=--alone refuses all others
	@$(OPERATE) backend-key $(ARGS)

email-status: setup ## email lanes, rates and dead letters; ARGS=resume ends a pause
	@$(OPERATE) outbox $(or $(ARGS),status)

limits: setup ## the token buckets of a user or an address: ARGS='show USER_OR_IP', ARGS='reset USER_OR_IP'
	@$(OPERATE) limits $(or $(ARGS),show all)

redis-users: setup ## print the commands that make narrower users of Redis for the functions
	@$(RUN) -m local.redis_users

cache: setup ## cached values: ARGS='show reputation USER', ARGS='drop reputation USER', ARGS='drop challenges'
	@$(OPERATE) cache $(or $(ARGS),show challenges)

dead-letters: setup ## list emails that were given up; ARGS='show ID', ARGS='replay ID …', ARGS='replay --all'
	@$(OPERATE) outbox $(or $(ARGS),list)

suppressions: setup ## addresses that get no email, by reason; ARGS='show ADDRESS', ARGS='lift ADDRESS'
	@$(OPERATE) suppressions $(or $(ARGS),count)

reports: setup ## reports about users: ARGS='list', 'show ID', 'dismiss ID', 'hide USER', 'unhide USER', 'ban USER', 'unban USER_OR_ADDRESS'
	@$(OPERATE) reports $(or $(ARGS),list)

wingmanmatch: setup ## take over a WingmanMatch database (DATABASE_URL): ARGS=prepare, then ARGS=take-over
	@$(RUN) -m local.wingmanmatch $(ARGS)

# --- AWS -------------------------------------------------------------------------------------

build: setup ## sam build for the local stacks
	@$(LOCAL) build --name $(STACK)

package: setup ## what is deployed, built and checked: ARCH=arm64 RUNTIME=python3.13
	@$(LOCAL) package $(if $(ARCH),--arch $(ARCH)) $(if $(RUNTIME),--runtime $(RUNTIME))

deploy: setup ## one environment to AWS: ENV=staging, SECRETS=file, ROTATE=KEY, CONFIRM=yes or ask
	@PYTHONPATH=layers/shared $(RUN) -m local.deploy "$(ENV)" $(if $(SECRETS),--secrets "$(SECRETS)") \
		$(ROTATE:%=--rotate %) $(if $(filter ask,$(CONFIRM)),--ask) $(ARGS)

# --- installing ------------------------------------------------------------------------------

setup: .local/machine.stamp .local/venv.stamp .local/aws.stamp .local/ministack.stamp .local/node.stamp ## install what is missing

.local/machine.stamp: local/prerequisites.py
	@mkdir -p .local
	@$(PYTHON) -m local.prerequisites
	@touch $@

.local/venv.stamp: requirements.txt layers/dependencies/requirements.txt layers/coach/requirements.txt \
		layers/graphql/requirements.txt layers/images/requirements.txt | .local/machine.stamp
	@echo "Installing Python packages …"
	@[ -x $(RUN) ] || $(PYTHON) -m venv $(VENV)
	@$(RUN) $(PIP) --requirement requirements.txt
	@touch $@

.local/%.stamp: local/requirements-%.txt | .local/machine.stamp
	@echo "Installing $* …"
	@[ -x .local/$*/bin/python ] || $(PYTHON) -m venv .local/$*
	@.local/$*/bin/python $(PIP) --requirement $<
	@touch $@

# Tools that read the API document as clients' developers do; only tests need them.
.local/contract.stamp: tests/contract/package-lock.json tests/contract/requirements.txt | .local/venv.stamp
	@echo "Installing the tools that read the API document …"
	@mkdir -p .local/contract
	@cp tests/contract/package.json tests/contract/package-lock.json .local/contract
	@npm ci --prefix .local/contract --no-audit --no-fund --ignore-scripts --loglevel=error
	@$(VENV)/bin/uv venv --quiet --clear --python $(RUN) .local/contract/venv
	@$(VENV)/bin/uv pip install --quiet --python .local/contract/venv/bin/python --requirement tests/contract/requirements.txt
	@touch $@

.local/$(RUNTIME).stamp: .local/venv.stamp
	@echo "Installing Python packages for $(RUNTIME) …"
	@$(VENV)/bin/uv venv --quiet --clear --python "$(INTERPRETER)" .local/$(RUNTIME)
	@$(VENV)/bin/uv pip install --quiet --python .local/$(RUNTIME)/bin/python --requirement requirements.txt
	@touch $@

# Not `npm ci`: the lock file names PostgREST's program for linux-x64 alone, other machines add theirs.
.local/node.stamp: local/package-lock.json | .local/machine.stamp
	@echo "Installing Node packages …"
	@npm install --no-save --prefix local --no-audit --no-fund --ignore-scripts --loglevel=error
	@cp local/node_modules/swagger-ui-dist/swagger-ui{-bundle.js,.css} functions/docs/
	@touch $@

openapi: setup ## write functions/docs/openapi.json and the README's table of endpoints
	@PYTHONPATH=layers/shared $(RUN) -m local.openapi > .local/openapi.json
	@mv .local/openapi.json functions/docs/openapi.json
	@echo "functions/docs/openapi.json is written"
	@$(RUN) -m local.endpoints_table

graphql: setup ## write docs/schema.graphql, and the manifest of documents; ARGS=--break breaks clients
	@PYTHONPATH=layers/shared $(RUN) -m local.graphql_schema $(ARGS)

settings: setup ## write docs/settings.md from the code and the template
	@PYTHONPATH=layers/shared $(RUN) -m local.settings_table
	@PYTHONPATH=layers/shared $(RUN) -m local.deploy.example

UV_LOCK := ../../$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--no-header --no-annotate

migration: setup ## write a migration to what supabase/schemas describe: NAME=add_photos
	@$(RUN) -m local.schema draft "$(NAME)"

BASELINE := supabase/migrations/20261128000000_baseline.sql

baseline: ## write the baseline from supabase/schemas: only as long as it is the only migration
	@[ "$$(echo supabase/migrations/*.sql)" = "$(BASELINE)" ] || \
		{ echo "the baseline is released: write a migration that follows it"; exit 1; }
	@awk 'FNR == 1 && NR > 1 { print "" } { print }' supabase/schemas/*.sql > $(BASELINE)
	@echo "$(BASELINE) is written; a stack that has applied it needs a make reset"

guards-page: setup ## write docs/guards.md after a change of the list in tests/guards
	@PYTHONPATH=layers/shared $(RUN) -m tests.guards.page

lock: setup ## resolve the layers' requirements.in
	@cd layers/dependencies && $(UV_LOCK) --output-file requirements.txt requirements.in
	@for layer in coach graphql images; do \
		(cd layers/$$layer && $(UV_LOCK) --constraint ../dependencies/requirements.txt requirements.in) \
			| awk -F ' ;' 'FNR == NR { known[$$1]; next } !($$1 in known)' \
				layers/dependencies/requirements.txt - > .local/$$layer.txt; \
		mv .local/$$layer.txt layers/$$layer/requirements.txt; \
	done
	@echo "layers/*/requirements.txt are written"

clean: ## stop the stacks and remove everything that was built or installed here
	@if [ -x $(RUN) ]; then for name in dev check test $(notdir $(wildcard .local/test-*)); do $(LOCAL) reset --name $$name; done; fi
	@rm -rf .local .aws-sam local/node_modules
