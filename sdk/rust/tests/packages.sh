#!/usr/bin/env bash
# The crates as users get them: packed, documented without the library, linked in each way, and used by a package of its own.
set -euo pipefail
cd "$(dirname "$0")/../../.."
cargo=${CARGO:-cargo}
target=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
lib=${PLASMITE_LIB_DIR:-$target/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "packages.sh: $*" >&2
    exit 1
}

# What docs.rs does: every feature, and no library anywhere.
PLASMITE_LIB_DIR=$work DOCS_RS=1 RUSTDOCFLAGS="-D warnings" "$cargo" doc --locked -q --no-deps -p plasmite-sdk \
    --no-default-features --features system,serde,stream --target-dir "$target/docs-rs"
echo "documented without the library"

# Linked to the archive: nothing of the library is needed at run time.
PLASMITE_LIB_DIR=$lib "$cargo" test --locked -q -p plasmite-sdk --no-default-features --features static,serde --no-run --test pools
program=$(PLASMITE_LIB_DIR=$lib "$cargo" test --locked -p plasmite-sdk --no-default-features --features static,serde --no-run --test pools 2>&1 |
    sed -n 's/.*(\(.*\))$/\1/p' | tail -n 1)
env -u LD_LIBRARY_PATH "$program" -q >"$work/log" 2>&1 || { cat "$work/log"; fail "the tests linked to libplasmite.a fail"; }
! ldd "$program" | grep -q libplasmite || fail "$program, linked to libplasmite.a, needs libplasmite.so"
echo "linked to libplasmite.a"

# A package of its own, with the library built in.
(cd examples/rust && env -u PLASMITE_LIB_DIR "$cargo" build --locked -q --target-dir "$target/examples-rust")
examples=$target/examples-rust/debug
! ldd "$examples/gate" | grep -q libplasmite || fail "the example with the library built in needs libplasmite.so"
timeout 30 "$examples/gate" "$work/data" wait >"$work/gate" &
waiting=$!
# Said again until the gate, which starts at what is newest, has heard it.
while kill -0 $waiting 2>/dev/null; do
    "$examples/gate" "$work/data" report red
    "$examples/gate" "$work/data" report green abc123
    sleep 0.05
done
wait $waiting || fail "the gate does not open"
[ "$(cat "$work/gate")" = "green: abc123" ] || fail "the gate says $(cat "$work/gate")"
timeout 30 "$examples/tour" "$work/tour" >/dev/null || fail "the tour fails"
echo "used by a package of its own"

# Packed as for the registry, each with what it needs.
"$cargo" package --workspace --locked --no-verify --allow-dirty -q --target-dir "$target/packages"
for crate in plasmite-core plasmite-remote plasmite-capi plasmite-sdk plasmite; do
    archive=$(ls "$target/packages/package/$crate-"[0-9]*.crate)
    tar -tzf "$archive" >"$work/list"
    for file in src/lib.rs Cargo.toml LICENSE; do
        grep -q "/$file$" "$work/list" || fail "$crate is packed without $file"
    done
done
grep -q '/README.md$' <(tar -tzf "$target/packages/package/plasmite-sdk-"[0-9]*.crate) || fail "plasmite-sdk is packed without its README"
echo "packed"
