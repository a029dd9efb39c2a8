# `make help` is the index. Every recipe is one call of a tool; nothing is run while this file is read.
.DEFAULT_GOAL := help
.PHONY: help up down status logs dev test test-full lint types unit integration e2e simulate chaos soak bench bench-check fmt verify generate hooks images clean

# A tool installs what it misses (Node, packages, Kafka, Redis, Kubernetes) into ~/.cache/chatplatform.

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done
	@echo
	@echo '  TARGET=kind|cluster|processes chooses where `make up` runs the platform (default: the best this machine can).'

up: ## everything from a fresh clone to a running platform; prints the address of the demo page
	@tools/up

down: ## removes what `make up` made
	@tools/down

status: ## the platform of `make up`: what runs and how it is
	@tools/status

logs: ## follows the logs of the platform of `make up`
	@tools/logs

dev: ## the platform as plain processes; programs restart when their code changes
	@tools/dev

test: ## everything from a fresh clone to the verdict: lint, types, unit, integration, end to end
	@tools/test

test-full: ## as test, with what takes longer: every kind of Redis and Kafka, the whole fault run
	@tools/test lint types unit integration-full e2e-processes e2e e2e-full e2e-features

lint: ## format, lint, import rules, dead code, licences
	@tools/test lint

types: ## type check of every workspace
	@tools/test types

unit: ## tests without anything around them
	@tools/test unit

integration: ## tests against real Kafka, Redis and a Kubernetes control plane
	@tools/test integration

e2e: ## the whole fault run (50 clients, 20 000 messages, programs killed and rolled), and each feature of the resource on pods
	@tools/test e2e-full e2e-features

simulate: ## the data plane on simulated time: SEED=n replays one run, otherwise seeds 1..500
	@tools/simulate $(if $(SEED),--seed $(SEED),--seeds 1..500)

chaos: ## the fault matrix under traffic: FAULT=name SEEDS=1..10 CLIENTS=1000 LANES=1; goes on where it was cut off
	@tools/chaos $(if $(FAULT),--fault $(FAULT)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(CLIENTS),--clients $(CLIENTS)) $(if $(LANES),--lanes $(LANES))

soak: ## round after round of traffic, MINUTES=30: nothing may grow
	@tools/soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(CLIENTS),--clients $(CLIENTS))

bench: ## speed and memory beside the peers' on this machine, into bench/results; SCENARIO=name runs one
	@tools/bench $(if $(SCENARIO),--scenario $(SCENARIO))

bench-check: ## fails when CPU per delivery or memory per connection grew by more than 15 %
	@tools/bench --check

fmt: ## formats the code and mends what lint can mend
	@tools/lint --fix

verify: ## fails when a generated file differs from its source
	@tools/verify

generate: ## writes the generated files: CRD, protocol tables, licences, lockfile entries
	@tools/verify --write

hooks: ## checks format, lint and types before each commit
	@git config core.hooksPath tools/hooks

images: ## builds the container images
	@tools/images/build

clean: ## removes build output from the checkout (not the cache)
	@tools/clean
