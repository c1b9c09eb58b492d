# Five targets. On a fresh machine with Go: make demo, make test.

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: demo test check bench fmt

# Built with the flags that the demo builds the app with: what both need of the
# standard library is then compiled once.
demo: ## the whole story on this machine: share, push, blue, green, rollback
	CGO_ENABLED=0 go run -trimpath ./cmd/orgship demo

test: ## every test
	go vet ./...
	go test ./...

check: ## what a reviewer would run: formatting, tidiness, linter, templates, races
	@test -z "$$(gofmt -l .)" || { echo "gofmt -l:"; gofmt -l .; echo "run: make fmt"; exit 1; }
	go mod tidy -diff
	go run $(GOLANGCI) run ./...
	@if command -v cfn-lint >/dev/null; then cfn-lint --ignore-checks E1001 -- cfn/*.yaml; else echo "SKIP cfn-lint: not on PATH"; fi
	go test -race ./...

bench: ## speed, beside a peer in the same run (aws, skopeo, moto_server when on PATH)
	go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./bench

fmt: ## format every Go file
	gofmt -w $$(git ls-files '*.go')
