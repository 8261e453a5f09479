# All modules of the repository. Users require only the first.
MODULES := $(patsubst %/go.mod,%,$(wildcard ./go.mod ./internal/conformance/go.mod ./internal/conformance/upstream/go.mod ./examples/go.mod ./examples/internal/gen/go.mod ./migrate/go.mod ./tools/go.mod))

FUZZTIME ?= 5s

# tool is the path of a tool that tools/go.mod pins.
tool = $$(cd $(CURDIR)/tools && go tool -n $(1))

each = @set -e; for module in $(MODULES); do echo "$$module: $(1)"; (cd $$module && $(2)); done

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.PHONY: download
download: ## download what the tests need
	$(call each,go mod download,go mod download)
	$(if $(filter ./migrate,$(MODULES)),go mod download -C migrate/analyzer/testdata/real)

.PHONY: build
build: ## compile every module
	$(call each,go build,go build ./...)

# race is the flag for the race detector. The tests of migrate run without it in make test, because
# migrate starts no goroutine and its tests would take three times as long.
race = $$(test $$module = ./migrate || echo -race)

.PHONY: test
test: download ## run every module's tests, with the race detector except for migrate and for tests of memory, allocations and random programs
	$(call each,go test $(race),go test $(race) -timeout 20m ./...)
	$(if $(filter ./internal/conformance,$(MODULES)),go test -C internal/conformance -timeout 20m ./benchmarks ./details ./random)

.PHONY: race
race: ## run migrate's tests with the race detector
	go test -C migrate -race -timeout 20m ./...

.PHONY: lint
lint: ## run gofmt, go vet and staticcheck on every module
	@echo gofmt; unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "$$unformatted"; exit 1; }
	$(call each,go vet,go vet ./...)
	$(call each,staticcheck,$(call tool,staticcheck) ./...)

.PHONY: workflows
workflows: ## check the files in .github
	$(call tool,actionlint) -shellcheck= -pyflakes=
	@for module in / $(patsubst ./%,/%,$(filter-out .,$(MODULES))); do \
		grep -qE "^ +(- |directory: )$$module$$" .github/dependabot.yml || { echo ".github/dependabot.yml does not name $$module"; exit 1; }; \
	done

.PHONY: vuln
vuln: ## look for known vulnerabilities that reach this code; needs https://vuln.go.dev
	$(call each,govulncheck,$(call tool,govulncheck) $(VULNFLAGS) ./...)

.PHONY: api
api: ## write docs/api.txt
	.ci/api >docs/api.txt

.PHONY: api-check
api-check: ## fail if the API is not that of docs/api.txt
	.ci/api | diff -u docs/api.txt - || { echo 'the API has changed; if that is intended, run make api'; exit 1; }

.PHONY: apidiff
apidiff: ## compare the API with that of the last tag, or of the tag or commit BASE
	.ci/apidiff $(BASE)

.PHONY: generate
generate: ## regenerate the examples' generated code
	go run -C examples/internal/gen .

.PHONY: tidy-check
tidy-check: ## fail if go mod tidy would change a file
	$(call each,go mod tidy -diff,go mod tidy -diff)

.PHONY: compat
compat: ## run the root module's tests with the oldest and the newest dependencies; fail if importing it upgrades an application
	.ci/compat
	go test -C tools -run TestImporting -timeout 20m ./compat

.PHONY: prerelease
prerelease: ## run the tests that depend on grpc-go with its newest pre-release, or with GRPC
	.ci/prerelease $(GRPC)

vet = $(call each,go vet for $(1),CGO_ENABLED=0 GOARCH=$(1) go vet ./...)

.PHONY: platforms
platforms: ## vet every module for 386 and arm64, and run the root module's tests with 32 bits
	$(call vet,386)
	$(call vet,arm64)
	CGO_ENABLED=0 GOARCH=386 go test -timeout 20m ./...

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
differential: ## compare random programs in-process and on the network, for three times DIFFERENTIALTIME
	go test -C internal/conformance -timeout 0 -v -run Programs ./differential -differential.seed=0 -differential.for=$(DIFFERENTIALTIME)
	go test -C internal/conformance -timeout 0 -v -race -run Races ./differential -differential.seed=0 -differential.for=$(DIFFERENTIALTIME)
	go test -C internal/conformance -timeout 0 -v -run Programs ./random -random.seed=0 -random.for=$(DIFFERENTIALTIME)

MUTANTS ?=

.PHONY: mutants
mutants: ## make each of several hundred mistakes in the core, and list those that no test notices; MUTANTS=inflight chooses
	go run -C tools ./mutants -only '$(MUTANTS)'

.PHONY: upstream
upstream: ## run tests of grpc-go, go-grpc-middleware, otelgrpc and others over Channels
	go run -C internal/conformance/upstream .

.PHONY: applications
applications: ## run tests of applications that use gRPC over Channels; compiles much
	go run -C internal/conformance/upstream . -applications -deadline 110m -limit 2m -parallel 2

.PHONY: bench
bench: ## measure and write docs/performance.md; AGAIN=1 keeps the worse of two runs; ROUNDS=9 is short and only prints
	go run -C tools ./bench $(if $(ROUNDS),-rounds $(ROUNDS),-write -goals $(if $(AGAIN),-again))
