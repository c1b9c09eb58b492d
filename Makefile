# Five targets. On a fresh machine with Go: make demo, make test.

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: demo test check bench fmt

# Demo and tests are built with the flags that the demo builds the app with: what
# they share is then compiled once.
demo test: export CGO_ENABLED = 0

demo: ## the whole story on this machine: share, push, blue, green, rollback
	go run -trimpath ./cmd/orgship demo

test: ## every test; those that need a Dagger engine say SKIP without one
	go vet -trimpath ./...
	go test -trimpath ./...
	cd ci && go vet -trimpath ./...
	cd ci/program && go vet -trimpath ./... && go test -trimpath -short -timeout 20m ./...

check: ## what a reviewer would run: formatting, tidiness, linter, templates, races, the Dagger module's checks
	@test -z "$$(gofmt -l .)" || { echo "gofmt -l:"; gofmt -l .; echo "run: make fmt"; exit 1; }
	go mod tidy -diff
	go run $(GOLANGCI) run ./...
	@if command -v cfn-lint >/dev/null; then cfn-lint --ignore-checks E1001 -- cfn/*.yaml; else echo "SKIP cfn-lint: not on PATH"; fi
	go test -race ./...
	go test -trimpath -run TestSignals -timeout 40m ./e2e/faults -rounds 50
	cd ci/program && go run $(GOLANGCI) run --config ../../.golangci.yml ./... && go test -timeout 40m ./...
	@if dagger core version >/dev/null 2>&1; then dagger check --progress=logs; else echo "SKIP dagger check: no dagger on PATH, or no engine answers"; fi

bench: ## speed, beside a peer in the same run (aws, skopeo, moto_server when on PATH)
	go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./bench
	cd ci/program && go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./e2e

fmt: ## format every Go file
	gofmt -w $$(git ls-files '*.go')
