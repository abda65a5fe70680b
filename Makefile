# Thin: every target is one line that a person could type. Runs on make 3.81.
#   SIM=1 | PAPER=1 | LIVE=1   which stack       JSON=1   machine-readable answers
#   GATEWAY=external HOST=… PORT=…   a TWS or gateway that you started yourself (docs/supervisor.md)
#   READ_ONLY=1   up and preflight: the gateway refuses every order (docs/halt.md)

SHELL := /bin/bash
PYTHON := .venv/bin/python
DO := scripts/watchkeeper
MODE := $(if $(SIM),sim,$(if $(PAPER),paper,$(if $(LIVE),live)))
MODE_FLAG := $(if $(MODE),--mode $(MODE))
JSON_FLAG := $(if $(JSON),--json)
ifeq ($(READ_ONLY),1)
export READ_ONLY_API := yes
endif
ifeq ($(GATEWAY),external)
export GATEWAY
export GATEWAY_HOST := $(if $(HOST),$(HOST),$(GATEWAY_HOST))
export GATEWAY_PORT := $(if $(PORT),$(PORT),$(GATEWAY_PORT))
endif

.DEFAULT_GOAL := help
.PHONY: help bootstrap up down purge status watch explain incidents doctor preflight pause pause-gateway gateway-setup pin resume cancel login halt flatten break-glass backup restore drill soak catalog backtest logs test lint sbom bench

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

bootstrap: ## set the machine up (every target below does it by itself)
	@scripts/bootstrap $(MODE_FLAG) $(TESTS_FLAG)

up: bootstrap ## start a stack and wait until it trades: SIM=1 (no account needed), PAPER=1 or LIVE=1
	@$(DO) up $(MODE_FLAG) $(JSON_FLAG)

down: bootstrap ## stop the stack; every volume stays. Not with positions or orders open, unless FORCE=1
	@$(DO) down $(MODE_FLAG) $(if $(FORCE),--force) $(JSON_FLAG)

purge: bootstrap ## remove the stack and its volumes (asks for the tenant's name unless SIM)
	@$(DO) purge $(MODE_FLAG) $(if $(FORCE),--force) $(JSON_FLAG)

.PHONY: render
render: bootstrap ## what compose makes of tenants/*.toml, without starting anything (docs/tenants.md)
	@$(DO) render

.PHONY: stack-deploy stack-upgrade stack-status
stack-deploy: bootstrap ## on a manager of a Docker Swarm: each tenant on the node that its file names (docs/swarm.md)
	@$(DO) stack-deploy $(JSON_FLAG)

stack-upgrade: bootstrap ## what newer images or settings would change on the Swarm; GO=1 does it, one tenant after another: TENANT=… FORCE=1
	@$(DO) stack-upgrade $(if $(GO),--go) $(if $(FORCE),--force) $(JSON_FLAG)

stack-status: bootstrap ## where Swarm has each tenant's gateway; a node that cannot be seen is unknown
	@$(DO) stack-status $(JSON_FLAG)

.PHONY: tenant-move
tenant-move: bootstrap ## a tenant of a Swarm to another node, its ledger with it: TENANT=paper TO=b; a dead node's only by a typed word
	@$(DO) tenant-move --to "$(TO)" $(if $(FORCE),--force) $(JSON_FLAG)

logs: bootstrap ## the containers' logs, followed on a terminal: SERVICE=supervisor,engine
	@$(DO) logs $(MODE_FLAG) $(if $(SERVICE),--service "$(SERVICE)") $(JSON_FLAG)

doctor: bootstrap ## everything a bug report needs, as one file under var/doctor, without secrets
	@$(DO) doctor $(MODE_FLAG) $(JSON_FLAG)

status: bootstrap ## can I trade, since when, and if not, who is doing what about it? On a Swarm: of all nodes
	@$(DO) status $(JSON_FLAG)

watch: bootstrap ## the status and the supervisor's last sentences, live
	@$(DO) watch $(JSON_FLAG)

explain: bootstrap ## why it is in this state: the last sentences, what each probe found, what comes next
	@$(DO) explain $(JSON_FLAG)

incidents: bootstrap ## what went wrong, how fast it was seen and cured: SINCE=2h, today or 2026-11-20T14:30
	@$(DO) incidents $(if $(SINCE),--since "$(SINCE)") $(JSON_FLAG)

preflight: bootstrap ## may we trade? ONLY=/SKIP=check,group JUNIT=FILE WATCH=1 WITHIN=15m (exit codes: scripts/watchkeeper preflight)
	@$(DO) preflight $(MODE_FLAG) $(JSON_FLAG) $(if $(ONLY),--only "$(ONLY)") $(if $(SKIP),--skip "$(SKIP)") \
	$(if $(JUNIT),--junit "$(JUNIT)") $(if $(WATCH),--watch) $(if $(WITHIN),--within $(WITHIN))

pause: bootstrap ## the supervisor keeps its hands off: FOR=30m REASON="…"
	@$(DO) pause --for "$(FOR)" --reason "$(REASON)" $(JSON_FLAG)

resume: bootstrap ## the supervisor acts again, and a hold on logins is lifted
	@$(DO) resume $(JSON_FLAG)

pause-gateway: bootstrap ## end the gateway before a planned stop, so that its next start needs no login and no push; `make resume` lets it start
	@$(DO) pause-gateway $(if $(FORCE),--force) $(JSON_FLAG)

gateway-setup: bootstrap ## the settings of IBKR's gateway that no file can set, by hand in its window (VNC on 127.0.0.1) or BY_API=1: PAPER=1 or LIVE=1
	@$(DO) gateway-setup $(MODE_FLAG) $(if $(FORCE),--force) $(if $(BY_API),--by-api) $(JSON_FLAG)

pin: bootstrap ## write the digests of today's images behind their tags, so that no tag can change what runs
	@$(DO) pin $(JSON_FLAG)

cancel: bootstrap ## the supervisor lets go of the act that is under way
	@$(DO) cancel $(JSON_FLAG)

login: bootstrap ## lift a hold on logins and start the gateway anew: one login, perhaps one push to a phone
	@$(DO) login $(JSON_FLAG)

halt: bootstrap ## the engine opens nothing any more and keeps its exits, also after a restart: REASON="…"; LIFT=1 ends that
	@$(DO) halt $(if $(REASON),--reason "$(REASON)") $(if $(LIFT),--lift) $(JSON_FLAG)

break-glass: bootstrap ## the engine is dead: stop it, close every position at the market, cancel every order (asks for the tenant's name)
	@$(DO) break-glass $(MODE_FLAG) $(JSON_FLAG)

backup: bootstrap ## journal, login ledger, cache and gateway settings as one file in var/backups, also while it trades
	@$(DO) backup $(MODE_FLAG) $(JSON_FLAG)

.PHONY: restart-gateways
restart-gateways: bootstrap ## every gateway anew, one after another, each trading again before the next: MAX=1 WAIT=10m FORCE=1
	@$(DO) restart-gateways $(if $(MAX),--max $(MAX)) $(if $(WAIT),--wait $(WAIT)) $(if $(FORCE),--force) $(JSON_FLAG)

.PHONY: upgrade
upgrade: bootstrap ## what a newer checkout or .env would change; GO=1 does it behind a backup, BACK=1 goes back
	@$(DO) upgrade $(MODE_FLAG) $(if $(GO),--go) $(if $(BACK),--back) $(if $(FORCE),--force) $(JSON_FLAG)

restore: bootstrap ## put a backup back while the stack is down: FROM=FILE (asks for the tenant's name unless SIM)
	@$(DO) restore $(MODE_FLAG) $(if $(FROM),--from "$(FROM)") $(JSON_FLAG)

flatten: bootstrap ## halt, and close every position by its exits: REASON="…"
	@$(DO) flatten $(if $(REASON),--reason "$(REASON)") $(JSON_FLAG)

drill: bootstrap ## break a stand-in stack on purpose and measure: FAULT=container-exit,jvm-dead N=10 VERSION=200,223 JOBS=4 OUT=FILE
	@$(DO) drill $(if $(FAULT),--faults "$(FAULT)") $(if $(N),--count $(N)) $(if $(SEED),--seed $(SEED)) \
	$(if $(VERSION),--versions "$(VERSION)") $(if $(JOBS),--jobs $(JOBS)) $(if $(PROFILE),--profile $(PROFILE)) $(if $(OUT),--out "$(OUT)") $(JSON_FLAG)

soak: bootstrap ## random faults and noise for MINUTES=60 on a stand-in stack; then every book must agree
	@$(DO) soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(PROFILE),--profile $(PROFILE))

.PHONY: report
report: bootstrap ## a page with plots of a drill or a soak that was run here, under var/report: FROM="FILE …"
	@$(DO) report $(FROM)

catalog: bootstrap ## the past from the gateway into var/catalog: SYMBOL=SPY FROM=2026-11-16 TO=2026-11-20 WHAT=bars BAR=1-MINUTE STRIKES=2
	@$(DO) catalog $(if $(SYMBOL),--symbol $(SYMBOL)) --from "$(FROM)" $(if $(TO),--to "$(TO)") $(if $(WHAT),--what $(WHAT)) \
	$(if $(BAR),--bar $(BAR)) $(if $(STRIKES),--strikes $(STRIKES)) $(if $(CATALOG),--catalog "$(CATALOG)") $(if $(PORT),--port $(PORT)) $(JSON_FLAG)

backtest: bootstrap ## a strategy over the catalog: STRATEGY=reference|module:Class FROM=2026-11-16 TO=2026-11-20 CONFIG=FILE VOLATILITY=0.2
	@$(DO) backtest $(if $(STRATEGY),--strategy "$(STRATEGY)") $(if $(CONFIG),--config "$(CONFIG)") $(if $(SYMBOL),--symbol $(SYMBOL)) \
	--from "$(FROM)" $(if $(TO),--to "$(TO)") $(if $(VOLATILITY),--volatility $(VOLATILITY)) $(if $(BALANCE),--balance $(BALANCE)) \
	$(if $(CATALOG),--catalog "$(CATALOG)") $(if $(OUT),--out "$(OUT)") $(JSON_FLAG)

test: TESTS_FLAG := --tests
test: bootstrap ## every test, real containers included
	@$(PYTHON) -m pytest

.PHONY: test-fleet
test-fleet: TESTS_FLAG := --tests
test-fleet: bootstrap ## twenty tenants; one's faults beside another's trading; a Docker Swarm of three, with and without our stacks (wants root on Linux, two hours)
	@$(PYTHON) -m tests.e2e.several --tenants 20 && $(PYTHON) -m tests.e2e.isolation && $(PYTHON) -m tests.e2e.swarm && $(PYTHON) -m tests.e2e.swarm_faults

lint: bootstrap ## ruff, mypy, shellcheck, hadolint, bandit, detect-secrets
	@scripts/lint

sbom: bootstrap ## what is in the images that are built here, with licences: CycloneDX and a page under var/sbom
	@$(DO) sbom

bench: bootstrap ## numbers that need no Docker, as JSON lines (detection and recovery: make drill); FUZZ=600: seconds of spoilt requests; DAYS=1000: simulated days, JOBS=1 on one core; TENANTS=100: many gateways
	@$(PYTHON) -m tests.bench $(if $(FUZZ),fuzz --seconds $(FUZZ),$(if $(DAYS),days --days $(DAYS)$(if $(JOBS), --jobs $(JOBS)),$(if $(TENANTS),tenants --tenants $(TENANTS) --seconds 120))) $(if $(FUZZ)$(DAYS)$(TENANTS),$(if $(SEED),--seed $(SEED)))
