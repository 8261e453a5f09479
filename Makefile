# All modules of the repository. Users require only the first.
MODULES := $(patsubst %/go.mod,%,$(wildcard ./go.mod ./internal/conformance/go.mod ./internal/conformance/upstream/go.mod ./examples/go.mod ./examples/internal/gen/go.mod ./migrate/go.mod ./tools/go.mod))

FUZZTIME ?= 5s
STATICCHECK = $$(cd $(CURDIR)/tools && go tool -n staticcheck)

each = @set -e; for module in $(MODULES); do echo "$$module: $(1)"; (cd $$module && $(2)); done

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.PHONY: test
test: ## run every module's tests, with the race detector; those of allocations without it
	$(call each,go test -race,go test -race -timeout 5m ./...)
	go test -C internal/conformance -run Allocs -timeout 2m ./benchmarks

.PHONY: lint
lint: ## run gofmt, go vet and staticcheck on every module
	@echo gofmt; unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "$$unformatted"; exit 1; }
	$(call each,go vet,go vet ./...)
	$(call each,staticcheck,$(STATICCHECK) ./...)

.PHONY: generate
generate: ## regenerate the examples' generated code
	go run -C examples/internal/gen .

.PHONY: tidy-check
tidy-check: ## fail if go mod tidy would change a file
	$(call each,go mod tidy -diff,go mod tidy -diff)

.PHONY: compat
compat: ## run the root module's tests with the oldest and the newest dependencies; fail if importing it upgrades an application
	.ci/compat
	go test -C tools -run TestImporting -timeout 5m ./compat

VERSION ?= v0.1.0

.PHONY: release-check
release-check: ## rehearse the release of the last commit as VERSION
	go run -C tools ./release -version $(VERSION)

.PHONY: docs
docs: ## check the Go code and figures in the documents, and that exported names have examples
	go run -C tools ./docs
	go test -C tools -count 1 -run TestDocumentsAreUpToDate ./bench

.PHONY: cover
cover: ## measure the coverage of the root package; fail below 95 %
	.ci/cover 95

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME
	.ci/fuzz $(FUZZTIME) $(MODULES)

.PHONY: soak
soak: ## run the soak tests for minutes instead of seconds
	go test -C internal/conformance/reliability -run TestSoak -timeout 20m -v . -args -soak

DIFFERENTIALTIME ?= 5m

.PHONY: differential
differential: ## compare random programs in-process and on the network, for twice DIFFERENTIALTIME
	go test -C internal/conformance -timeout 0 -v -run Programs ./differential -differential.seed=0 -differential.for=$(DIFFERENTIALTIME)
	go test -C internal/conformance -timeout 0 -v -race -run Races ./differential -differential.seed=0 -differential.for=$(DIFFERENTIALTIME)

.PHONY: upstream
upstream: ## run tests of grpc-go, go-grpc-middleware, otelgrpc and others over Channels
	go run -C internal/conformance/upstream .

.PHONY: bench
bench: ## measure and write docs/performance.md; AGAIN=1 keeps the worse of two runs; ROUNDS=9 is short and only prints
	go run -C tools ./bench $(if $(ROUNDS),-rounds $(ROUNDS),-write $(if $(AGAIN),-again))
