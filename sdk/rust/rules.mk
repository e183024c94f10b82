# The crates: as users get them.

.PHONY: test-rust-packages docs-rust

docs: docs-rust

test-rust-packages: lib ## test the crates as users get them: packed, linked in each way, used by a package of its own
	sdk/rust/tests/packages.sh

docs-rust: ## write the pages of the Rust crate
	$(CARGO) doc --locked --no-deps -p plasmite-sdk --features stream --target-dir $(TARGET)/docs/rust
