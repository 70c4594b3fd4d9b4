# Run `make help` for the targets.

SHELL = /bin/sh

# Variables of the tests, from the environment or the command line.
# test/README.md says what each does.
TEST_CLOUD  ?= local
TEST_REGION ?= us-west-2
TEST_PATH   ?= ./test
TEST_FILTER ?=
# As it is written: to make, the $ of a pattern would be a reference.
FILTER       = $(value TEST_FILTER)
# How many cases run at a time: all, since they mostly wait for the provider.
TEST_PARALLEL ?= 9
# When go test ends the integration tests; they are interrupted before, and clean up.
TEST_TIMEOUT ?= 120m
export TEST_CLOUD TEST_REGION

# What is installed here comes after what the machine has.
export PATH := $(PATH):$(CURDIR)/.bin

# Packages with unit tests: all but the integration tests themselves.
UNIT = $$(go list ./... | grep -v '/terraform-aws-ecs/test$$')

# The race detector needs cgo, and that a C compiler.
RACE = $(shell test "$$(go env CGO_ENABLED)" = 1 && command -v "$$(go env CC)" >/dev/null && echo -race)

# With -C, go test passes its terminal on, so that progress moves.
INTEGRATION = go test -C $(TEST_PATH) -count=1 -timeout $(TEST_TIMEOUT) -parallel $(TEST_PARALLEL)

# What stands beside the tests.
SUITE = go build -o .bin/suite ./test/suite/cmd/suite && .bin/suite

# Linters and generators are Go programs, pinned by a module of their own and
# compiled on first use.
LINTERS    = .bin/golangci-lint .bin/tflint .bin/tfsec .bin/actionlint
TOOLS      = $(LINTERS) .bin/terraform-docs
TOOLS_FROM = tools/lint/go.mod tools/lint/go.sum

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: test-keep
test-keep: go ## Deploy, validate and keep all up; run again, validate what is kept
	@SKIP_teardown=1 TEST_SPACE=$${TEST_SPACE:-keep} \
	  TEST_PROVIDERS=$${TEST_PROVIDERS:-$(if $(FILTER),all,newest)} \
	  $(INTEGRATION) -run '$(or $(FILTER),TestExtraTargetGroups)'

.PHONY: test
test: go ## Run all tests: units, refusals, configurations, integration with deploy and destroy
	@MAKE='$(MAKE)' tools/test-all.sh

.PHONY: test-clean
test-clean: go ## Destroy what test runs have left, and stop localaws
	@$(SUITE) clean

.PHONY: test-forget
test-forget: go ## Drop every localaws with all that it holds, without a destroy
	@$(SUITE) forget

.PHONY: test-sweep
test-sweep: go ## Find by tag what aborted runs left, show it, ask, remove it
	@$(SUITE) sweep

.PHONY: env
env: go ## Print export lines for a kept deployment: eval "$(make -s env)"
	@go build -o .bin/suite ./test/suite/cmd/suite
	@TEST_SPACE=$${TEST_SPACE:-keep} .bin/suite env

.PHONY: unit
unit: go ## Run the unit tests of the Go code, with the race detector
	@test -n '$(RACE)' || echo "no C compiler: the unit tests run without the race detector"
	go test -timeout 40m $(RACE) $(UNIT)
	go -C localaws test -timeout 40m -trimpath $(RACE) ./...

.PHONY: refusals
refusals: go ## Check that the module refuses wrong values in the plan
	go test -C ./test -count=1 -timeout 60m -run '^TestRefusals$$'

.PHONY: configuration
configuration: go ## Check the format and validity of all Terraform files, and run their unit tests
	go test -C ./test -count=1 -timeout 60m -run '^TestConfiguration$$'

.PHONY: integration
integration: go ## Run the integration tests on TEST_CLOUD
	$(INTEGRATION) -run '$(or $(FILTER),.)' -skip '^(TestRefusals|TestConfiguration|TestRulesAreDefended)$$'

.PHONY: coverage
coverage: go ## Print how much of localaws the integration tests execute
	@rm -rf .work/coverage && mkdir -p .work/coverage
	@GOCOVERDIR='$(CURDIR)/.work/coverage' $(MAKE) --no-print-directory integration
	@go tool covdata textfmt -i=.work/coverage -o .work/coverage.txt
	@go -C localaws tool cover -func=../.work/coverage.txt | tail -n 1

.PHONY: test-destroy
test-destroy: go ## Deploy and destroy a service ten times, in other orders each time
	@TEST_DESTROY_ORDERS=1 TEST_SPACE=$${TEST_SPACE:-destroy} TEST_PROVIDERS=$${TEST_PROVIDERS:-newest} \
	  $(INTEGRATION) -run '^TestDestroyInAnyOrder$$'

.PHONY: test-rules
test-rules: go ## Show that each rule of the module has a test that fails without it
	TEST_RULES=1 go test -C ./test -count=1 -timeout 30m -v -run '^TestRulesAreDefended$$'

.PHONY: plans
plans: go ## Record anew what the module plans: tests/plans
	TEST_RECORD=1 go test -C ./test -count=1 -timeout 30m -run '^TestConfiguration/plans$$'

.PHONY: bench
bench: go ## Measure a whole run, and print a Markdown table
	@$(SUITE) bench

.PHONY: fmt
fmt: go ## Format Go and Terraform files
	gofmt -w test tools localaws
	terraform fmt -recursive .

.PHONY: lint
lint: go $(LINTERS) ## Check Go, Terraform and workflow files, and scan the module for security mistakes
	.bin/golangci-lint run ./...
	cd localaws && ../.bin/golangci-lint run ./...
	.bin/tflint --recursive --config "$(CURDIR)/.tflint.hcl"
	.bin/actionlint
	go run ./tools/scan -tfsec .bin/tfsec

.PHONY: docs
docs: .bin/terraform-docs ## Write the module's inputs and outputs into README.md
	.bin/terraform-docs .

.PHONY: package
package: go ## Make the module's archive in .bin/package
	go run ./tools/packaging/cmd/package -out .bin/package

.bin/golangci-lint: PACKAGE = github.com/golangci/golangci-lint/v2/cmd/golangci-lint
.bin/tflint: PACKAGE = github.com/terraform-linters/tflint
.bin/tfsec: PACKAGE = github.com/aquasecurity/tfsec/cmd/tfsec
.bin/actionlint: PACKAGE = github.com/rhysd/actionlint/cmd/actionlint
.bin/terraform-docs: PACKAGE = github.com/terraform-docs/terraform-docs

$(TOOLS): $(TOOLS_FROM)
	@echo "compiling $(@F), which takes minutes the first time on this machine"
	@go -C tools/lint build -o ../../$@ $(PACKAGE)

# One clear line for what a fresh machine may lack.
.PHONY: go
go:
	@command -v go >/dev/null || { echo "Go is not on PATH: install Go 1.26 or newer, https://go.dev/doc/install"; exit 1; }
	@test -d '$(TEST_PATH)' || { echo "TEST_PATH=$(TEST_PATH) is not a directory: name the folder of the tests, such as ./test"; exit 1; }
