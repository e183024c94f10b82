# Builds, tests and installs Plasmite. `make help` lists the targets that people call.

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
MAJOR := $(firstword $(subst ., ,$(VERSION)))

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
OBJCOPY ?= objcopy
CARGO ?= cargo
INSTALL ?= install

TARGET := $(or $(CARGO_TARGET_DIR),target)
OUT := $(TARGET)/release
SONAME := libplasmite.so.$(MAJOR)
REAL := libplasmite.so.$(VERSION)
# What the static library needs from the system.
LIBS := -lpthread -ldl -lm
VENV := $(TARGET)/venv
# Where shells and man look for what belongs to the programs. Shells find completions by the command's name.
SHARE = $(DESTDIR)$(PREFIX)/share
MAN = $(SHARE)/man/man1
DOC = $(SHARE)/doc/plasmite
BASH_COMPLETIONS = $(SHARE)/bash-completion/completions
ZSH_COMPLETIONS = $(SHARE)/zsh/site-functions
FISH_COMPLETIONS = $(SHARE)/fish/vendor_completions.d

export PLASMITE_LIB_DIR := $(abspath $(OUT))

.PHONY: abidiff crash-points cuts enemies faults fuzz fuzz-abi fuzz-short polyglot-demo kills linearizable soak tsan all lib cli header bindings notices http-tools check test model miri conformance demo bench test-mcp-client install install-lib uninstall clean help FORCE
.DEFAULT_GOAL := all

all: lib cli ## build everything: libplasmite.so, libplasmite.a, plasmite and pls (the default)

lib: $(OUT)/$(REAL) $(OUT)/libplasmite.a ## build the C library: libplasmite.so and libplasmite.a

# Cargo knows best whether anything changed. Built as a static library alone: beside an rlib it would not be
# optimised as a whole (LTO).
$(OUT)/libplasmite_capi.a: FORCE
	$(CARGO) rustc --release --locked -p plasmite-capi --lib --crate-type staticlib -- --cfg standalone

$(OUT)/$(REAL): $(OUT)/libplasmite_capi.a capi/plasmite.map
	$(CC) -shared -o $@ -Wl,-soname,$(SONAME) -Wl,--version-script=capi/plasmite.map \
	    -Wl,--whole-archive $< -Wl,--no-whole-archive \
	    -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,-z,defs $(LIBS)
	ln -sf $(REAL) $(OUT)/$(SONAME)
	ln -sf $(SONAME) $(OUT)/libplasmite.so

# One object in which only plsm_ names are global, so that a program may link other Rust code beside it.
$(OUT)/libplasmite.a: $(OUT)/libplasmite_capi.a
	$(CC) -r -nostdlib -Wl,--force-group-allocation -o $(OUT)/libplasmite.o -Wl,--whole-archive $< -Wl,--no-whole-archive
	$(OBJCOPY) --wildcard --keep-global-symbol='plsm_*' --remove-section=.llvmbc --remove-section=.llvmcmd \
	    $(OUT)/libplasmite.o
	rm -f $@
	$(AR) rcs $@ $(OUT)/libplasmite.o
	rm -f $(OUT)/libplasmite.o

cli: lib ## build the programs: plasmite and pls, their manual pages and completions
	$(CARGO) build --release --locked -p plasmite --no-default-features --features cli,serve
	rm -rf $(OUT)/man1 && $(OUT)/plasmite man-pages $(OUT)/man1
	mkdir -p $(OUT)/completions
	for shell in bash zsh fish; do $(OUT)/plasmite completion $$shell > $(OUT)/completions/$$shell || exit 1; done

header: ## write include/plasmite.h again, from capi/src
	PLASMITE_WRITE_HEADER=1 $(CARGO) test -q -p plasmite-capi --test header_is_current

bindings: $(VENV)/libclang.stamp ## write the Rust bindings of the header again
	PLASMITE_WRITE_BINDINGS=1 LIBCLANG_PATH=$$(cat $<) \
	    $(CARGO) test -q -p plasmite-capi --test bindings_are_current

notices: ## write THIRD_PARTY_NOTICES.md again, from Cargo.lock and the crates
	tests/notices --write

# What the tests of the server need: schemathesis, from PyPI, below the target directory.
http-tools: $(VENV)/schemathesis.stamp ## get what the tests of the server need

$(VENV)/schemathesis.stamp:
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check schemathesis==4.32.5
	touch $@

# bindgen needs libclang, which PyPI has as a package; nothing is installed outside of the target directory.
$(VENV)/libclang.stamp:
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check libclang==18.1.1
	$(VENV)/bin/python -c 'import clang, os; print(os.path.join(os.path.dirname(clang.__file__), "native"))' > $@

# Checks the conformance suite's manifests against their schema.
$(VENV)/jsonschema.stamp:
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check jsonschema==4.23.0
	touch $@

# The official client of the Model Context Protocol, from PyPI; apart from the other tools, whose requirements differ.
MCP_VENV := $(TARGET)/mcp-venv

$(MCP_VENV)/mcp.stamp:
	python3 -m venv $(MCP_VENV)
	$(MCP_VENV)/bin/pip install --quiet --disable-pip-version-check mcp==1.30.0
	touch $@

test-mcp-client: all $(MCP_VENV)/mcp.stamp ## try the programs with an independent client of the Model Context Protocol
	$(MCP_VENV)/bin/python cli/tests/mcp/client.py $(OUT)/plasmite

# Built apart, each for a use of its own.
OTHER_WORKSPACES := bench/floors bench/rust examples/hello examples/rust fuzz

check: ## check formatting, lints, file lengths, what the SDKs call, and that generated files are current
	tests/lengths
	tests/reach
	tests/notices
	for workspace in . $(OTHER_WORKSPACES); do $(CARGO) fmt --all --check --manifest-path $$workspace/Cargo.toml || exit 1; done
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) test -q --locked -p plasmite-capi --test header_is_current

test: all $(VENV)/libclang.stamp $(VENV)/jsonschema.stamp $(VENV)/schemathesis.stamp ## run every test
	tests/run $(OUT)

conformance: all $(VENV)/jsonschema.stamp ## run the one suite of behaviour on every host, with its table
	$(VENV)/bin/python conformance/check
	conformance/run $(OUT)

# Two switches of threads a model by default; LOOM_MAX_PREEMPTIONS=3 for more, which takes minutes.
model: ## check models of what threads and processes share, some with threads that die at any step
	RUSTFLAGS="--cfg loom" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=4 \
	    $(CARGO) test -q --release --locked -p plasmite-core --lib --target-dir $(TARGET)/loom model -- --nocapture

# KILLS and CUTS: how many.
kills: ## SIGKILL writers at random moments, and look at what they leave
	PLASMITE_KILLS=$(or $(KILLS),10000) $(CARGO) test --locked -p plasmite-core --release --test kill_writer -- --nocapture

cuts: ## cut the power of a simulated disk, again and again, and look at what recovery makes of it
	PLASMITE_CUTS=$(or $(CUTS),10000) $(CARGO) test --locked -p plasmite-core --release --features crash-points --test recovery -- --nocapture

crash-points: ## die before each store to a shared word
	$(CARGO) test --locked -p plasmite-core --features crash-points --test crash_points -- --nocapture

# ENEMY_SECONDS and LINEARIZABLE_SECONDS.
enemies: ## read a pool that two enemies write to, for five minutes
	PLASMITE_SOAK=$(or $(ENEMY_SECONDS),300) $(CARGO) test --locked -p plasmite-core --test enemy -- --nocapture

linearizable: ## record what several processes do at once for a minute, and check that it has an order
	PLASMITE_SOAK=$(or $(LINEARIZABLE_SECONDS),60) $(CARGO) test --locked -p plasmite-core --test linearizable -- --nocapture

faults: lib ## let system calls fail, and limits, disks, modes and mounts be what they can be
	capi/tests/c/run $(OUT) faults limits
	$(CARGO) test --locked -p plasmite-core --test disk --test overlay --test access

tsan: ## run the tests of threads under the thread sanitizer, or C programs under helgrind where std cannot be rebuilt for it
	core/tests/tsan

miri: ## run the pure parts under Miri, where that is installed
	@if $(CARGO) +nightly miri --version >/dev/null 2>&1; then \
	    MIRIFLAGS=-Zmiri-disable-isolation $(CARGO) +nightly miri test -q -p plasmite-core --lib --target-dir $(TARGET)/miri \
	        lite3:: json:: format:: ring::position ring::racing message::tags; \
	else echo "miri: not run: Miri is not installed (rustup +nightly component add miri)"; fi

# FUZZ_SECONDS of processor time for each target (an hour unless told otherwise), FUZZ_TARGETS of those in fuzz/targets.
fuzz: ## make inputs up for pool files, codecs, filters, framings and the server, guided by coverage
	fuzz/run $(or $(FUZZ_SECONDS),3600) $(FUZZ_TARGETS)

# Without the server, which takes long to build with instrumentation.
fuzz-short: ## the same for ten seconds a target; of pools in use what is known so far
	fuzz/run 0 live_pool
	fuzz/run 10 pool_file lite3 json jq ingest texts old_pool

# ABI_CALLS and ABI_SEED.
fuzz-abi: lib ## call the functions of the C interface in any order with any arguments
	capi/tests/abi_fuzz/run $(OUT) $(or $(ABI_CALLS),5000000) $(ABI_SEED)

abidiff: ## compare the C interface with its baseline, capi/abi.xml
	capi/tests/abidiff

# SOAK_SECONDS and SOAK_SEED.
soak: all node python-package ## kill, stop and fork programs in five languages on one pool at random, for an hour
	tests/soak/run $(OUT) $(or $(SOAK_SECONDS),3600) $(PYTHON_VENV)/bin/python $(NODE) $(GO) $(SOAK_SEED)

polyglot-demo: all node python-package ## show five languages on one pool
	examples/polyglot/run $(OUT) $(PYTHON_VENV)/bin/python $(NODE) $(GO)

demo: all ## show what it does, with a live stream of this machine's events
	examples/demo.sh $(OUT)

bench: all ## measure the paths against the floors of this machine
	bench/run

install: all install-lib ## install to PREFIX (default /usr/local), below DESTDIR if set: programs, pages, completions, library
	$(INSTALL) -d "$(DESTDIR)$(PREFIX)/bin"
	$(INSTALL) -m 755 $(OUT)/plasmite $(OUT)/pls "$(DESTDIR)$(PREFIX)/bin/"
	$(INSTALL) -d "$(MAN)" "$(BASH_COMPLETIONS)" "$(ZSH_COMPLETIONS)" "$(FISH_COMPLETIONS)"
	$(INSTALL) -m 644 $(OUT)/man1/*.1 "$(MAN)/"
	$(INSTALL) -m 644 $(OUT)/completions/bash "$(BASH_COMPLETIONS)/plasmite"
	ln -sf plasmite "$(BASH_COMPLETIONS)/pls"
	$(INSTALL) -m 644 $(OUT)/completions/zsh "$(ZSH_COMPLETIONS)/_plasmite"
	$(INSTALL) -m 644 $(OUT)/completions/fish "$(FISH_COMPLETIONS)/plasmite.fish"
	ln -sf plasmite.fish "$(FISH_COMPLETIONS)/pls.fish"

install-lib: lib ## install the library, its header and its pkg-config file only, with the licences
	$(INSTALL) -d "$(DESTDIR)$(PREFIX)/lib/pkgconfig" "$(DESTDIR)$(PREFIX)/include" "$(DOC)"
	$(INSTALL) -m 644 LICENSE THIRD_PARTY_NOTICES.md "$(DOC)/"
	$(INSTALL) -m 755 $(OUT)/$(REAL) "$(DESTDIR)$(PREFIX)/lib/"
	ln -sf $(REAL) "$(DESTDIR)$(PREFIX)/lib/$(SONAME)"
	ln -sf $(SONAME) "$(DESTDIR)$(PREFIX)/lib/libplasmite.so"
	$(INSTALL) -m 644 $(OUT)/libplasmite.a "$(DESTDIR)$(PREFIX)/lib/"
	$(INSTALL) -m 644 include/plasmite.h "$(DESTDIR)$(PREFIX)/include/"
	sed 's/@VERSION@/$(VERSION)/' pkgconfig/plasmite.pc.in > "$(DESTDIR)$(PREFIX)/lib/pkgconfig/plasmite.pc"
	chmod 644 "$(DESTDIR)$(PREFIX)/lib/pkgconfig/plasmite.pc"

uninstall: ## remove what install put there
	rm -f "$(DESTDIR)$(PREFIX)/bin/plasmite" "$(DESTDIR)$(PREFIX)/bin/pls"
	for page in "$(MAN)"/plasmite.1 "$(MAN)"/plasmite-*.1; do \
	    name=$${page##*/plasmite}; rm -f "$$page" "$(MAN)/pls$$name"; done
	rm -f "$(BASH_COMPLETIONS)/plasmite" "$(BASH_COMPLETIONS)/pls" "$(ZSH_COMPLETIONS)/_plasmite"
	rm -f "$(FISH_COMPLETIONS)/plasmite.fish" "$(FISH_COMPLETIONS)/pls.fish"
	rm -f "$(DOC)/LICENSE" "$(DOC)/THIRD_PARTY_NOTICES.md"
	rmdir "$(DOC)" 2>/dev/null || true
	rm -f "$(DESTDIR)$(PREFIX)/lib/$(REAL)" "$(DESTDIR)$(PREFIX)/lib/$(SONAME)"
	rm -f "$(DESTDIR)$(PREFIX)/lib/libplasmite.so" "$(DESTDIR)$(PREFIX)/lib/libplasmite.a"
	rm -f "$(DESTDIR)$(PREFIX)/include/plasmite.h" "$(DESTDIR)$(PREFIX)/lib/pkgconfig/plasmite.pc"

-include sdk/*/rules.mk cli/tests/page/rules.mk

clean: ## remove everything that was built
	$(CARGO) clean
	rm -rf $(TARGET)/venv $(MCP_VENV)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
