# Builds and tests the Go SDK. Go 1.22 or later, a C compiler; tests fetch goleak from the Go module proxy.
GO ?= go
# Where libplasmite.so is: what this tree builds, unless told otherwise.
GO_LIB ?=
go_lib := $(or $(GO_LIB),$(abspath $(OUT)))
# Development goes without pkg-config, straight at the header and the library of this tree.
go_env := CGO_ENABLED=1 PKG_CONFIG=true CGO_CFLAGS="-O2 -g -Wall -I$(abspath include)" CGO_LDFLAGS="-L$(go_lib)" \
    LD_LIBRARY_PATH="$(go_lib)$${LD_LIBRARY_PATH:+:$$LD_LIBRARY_PATH}" PLASMITE_LIB_DIR="$(go_lib)"
staticcheck := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: test-go check-go vet-go install-test-go proxy-go bench-go conformance-go

# Examples, then everything from outside, with the race detector and goleak.
test-go: $(if $(GO_LIB),,lib) vet-go install-test-go ## test the Go SDK
	cd sdk/go && $(go_env) $(GO) test ./...
	cd sdk/go/tests && $(go_env) $(GO) test -race -timeout 120s .

vet-go: ## vet the Go SDK, and check its format
	@unformatted=$$(gofmt -l sdk/go); [ -z "$$unformatted" ] || { echo "not formatted: $$unformatted"; exit 1; }
	cd sdk/go && $(go_env) $(GO) vet ./...
	cd sdk/go/tests && $(go_env) $(GO) vet ./...

check: check-go
check-go: $(if $(GO_LIB),,lib) vet-go ## lint the Go SDK
	@if cd sdk/go && $(go_env) $(GO) run $(staticcheck) -version >/dev/null 2>&1; then \
	    $(go_env) $(GO) run $(staticcheck) ./... && cd tests && $(go_env) $(GO) run $(staticcheck) ./...; \
	else echo "staticcheck: not run: $(staticcheck) needs Go 1.26 and a Go module proxy"; fi

# The README followed from outside: the SDK installed into an empty prefix, the module got from a module proxy.
install-test-go: ## follow the Go SDK's README from outside
	@rm -rf $(TARGET)/go/prefix
	@$(MAKE) --no-print-directory -s install-lib PREFIX=$(abspath $(TARGET))/go/prefix DESTDIR=
	GO="$(GO)" sdk/go/tests/install $(TARGET)/go/prefix

# Lays the module out as a module proxy; GOPROXY=file://... serves it.
proxy-go: ## lay the Go module out as a module proxy, in target/go/proxy
	cd sdk/go/tests && $(GO) run ./modproxy .. ../../../LICENSE $(VERSION) $(abspath $(TARGET))/go/proxy
	@echo "GOPROXY=file://$(abspath $(TARGET))/go/proxy"

bench: bench-go
bench-go: $(if $(GO_LIB),,lib) ## measure the Go SDK
	@mkdir -p $(TARGET)/bench
	cd sdk/go/tests && $(go_env) PLASMITE_BENCH_DIR=$(abspath $(TARGET))/bench $(GO) run ./bench

# The runner of the conformance suite.
conformance-go: ## build the conformance suite's runner in Go
	@mkdir -p $(TARGET)/conformance
	cd sdk/go/tests && $(go_env) $(GO) build -o $(abspath $(TARGET))/conformance/go ./conformance
