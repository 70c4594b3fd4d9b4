# Run `make help` for the targets.

SHELL = /bin/sh

# Variables of the tests, from the environment or the command line.
# README.md says what each does.
TEST_CLOUD  ?= local
TEST_REGION ?= us-west-2
TEST_PATH   ?= ./test
TEST_FILTER ?=
export TEST_CLOUD TEST_REGION

# Tools that are Go programs, compiled on first use.
STATICCHECK    = honnef.co/go/tools/cmd/staticcheck@2025.1.1
GOLANGCI_LINT  = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.5.0
TERRAFORM_DOCS = github.com/terraform-docs/terraform-docs@v0.20.0
ACTIONLINT     = github.com/rhysd/actionlint/cmd/actionlint@v1.7.7

# Packages with unit tests: all but the integration tests themselves.
UNIT = ./test/localaws/... ./test/suite/... ./test/targethealth/...

# -C makes go test pass its terminal on, so that progress moves.
INTEGRATION = go test -C $(TEST_PATH) -count=1 -timeout 120m

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test-keep
test-keep: tools ## Deploy, validate, and keep all up: the quick way to work; again, it validates what is kept
	@SKIP_teardown=1 TEST_SPACE=$${TEST_SPACE:-keep} \
	  TEST_PROVIDERS=$${TEST_PROVIDERS:-$(if $(TEST_FILTER),all,newest)} \
	  $(INTEGRATION) -run '$(or $(TEST_FILTER),TestExtraTargetGroups)'

.PHONY: test-clean
test-clean: tools ## Destroy what test runs have left, and stop localaws
	@go run ./test/suite/cmd/suite clean

.PHONY: test-forget
test-forget: tools ## Drop every localaws with all that it holds, without a destroy
	@go run ./test/suite/cmd/suite forget

.PHONY: test
test: unit configuration integration ## Run all tests: units, configurations, integration with deploy and destroy

.PHONY: unit
unit: tools ## Run the unit tests of the Go code
	go test -race $(UNIT)

.PHONY: configuration
configuration: tools ## Check the format and validity of all Terraform files
	@go test -C ./test -count=1 -timeout 30m -run '^TestConfiguration$$'

.PHONY: integration
integration: tools ## Run the integration tests on TEST_CLOUD
	@$(INTEGRATION) -run '$(or $(TEST_FILTER),.)' -skip '^TestConfiguration$$'

.PHONY: env
env: tools ## Print export lines for a kept deployment: eval "$(make -s env)"
	@TEST_SPACE=$${TEST_SPACE:-keep} go run ./test/suite/cmd/suite env

.PHONY: bench
bench: tools ## Measure a whole run, and print a Markdown table
	@go run ./test/suite/cmd/suite bench

.PHONY: fmt
fmt: tools ## Format Go and Terraform files
	gofmt -w test
	terraform fmt -recursive .

.PHONY: lint
lint: tools ## Check Go files
	@files=$$(gofmt -l test); test -z "$$files" || { echo "gofmt would change: $$files"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	go run $(GOLANGCI_LINT) run ./...

.PHONY: docs
docs: tools ## Write the inputs and outputs into README.md
	go run $(TERRAFORM_DOCS) markdown table --output-file README.md --output-mode inject .

.PHONY: package
package: ## Make the module's archive in .work/package, without tests (VERSION=1.2.3)
	@./test/suite/package.sh "$(VERSION)"

.PHONY: tools
tools:
	@command -v go >/dev/null || { echo "Go is not on PATH: install Go 1.26 or newer (https://go.dev/doc/install)"; exit 1; }
	@test -d $(TEST_PATH) || { echo "TEST_PATH=$(TEST_PATH) is no directory: name the folder of the tests, such as ./test"; exit 1; }
