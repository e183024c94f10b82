#!/bin/sh
# Two processes, one pool: a build and the repository's history flow through it, live. Run by `make demo`.
#
#     examples/demo.sh [DIRECTORY OF THE PROGRAMS AND THE LIBRARY]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
built=$(cd "${1:-$top/target/release}" && pwd)
[ -x "$built/pls" ] || { echo "demo: there is no $built/pls; run make first" >&2; exit 1; }

scratch=$(mktemp -d)
follower=
finish() {
    if [ -n "$follower" ]; then kill "$follower" 2>/dev/null || true; fi
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT TERM
# The pools go to ~/.plasmite/pools, but not to yours.
pls() { env HOME="$scratch" "$built/pls" "$@"; }

bold() { printf '\n\033[1m%s\033[0m\n' "$1"; }
command_line() { printf '\033[36m$ %s\033[0m\n' "$1"; }
cut_long() { awk '{ print "   " (length($0) > 116 ? substr($0, 1, 113) "..." : $0); fflush() }'; }
# Messages as JSON Lines, shortened for people: number, time of day, tag, the beginning of the data.
show() {
    awk '{
        split($0, part, "\"")
        line = sprintf("%4s  %s  %-8s %s", substr(part[3], 2, length(part[3]) - 2), substr(part[6], 12, 15), part[12],
            substr($0, index($0, "\"data\":") + 7, length($0) - index($0, "\"data\":") - 7))
        print "   " (length(line) > 116 ? substr(line, 1, 113) "..." : line); fflush()
    }'
}
# Lines "hash, author, date, subject", apart by 0x1f, as JSON Lines.
as_json() {
    awk -F '\037' 'function text(value) { gsub(/\\/, "\\\\", value); gsub(/"/, "\\\"", value); gsub(/\t/, " ", value); return "\"" value "\"" }
        { printf "{\"subject\":%s,\"author\":%s,\"date\":%s,\"commit\":%s}\n", text($4), text($2), text($3), text($1) }'
}

bold "1. A pool: one file, a ring buffer, nothing to start or configure"
command_line "pls pool create events --size 4M"
pls pool create events --size 4M | cut_long

bold "2. One process follows it, others feed it: a cargo build's events and the history of this repository"
command_line "pls follow events --from 1 --jsonl &"
mkfifo "$scratch/pipe"
env HOME="$scratch" "$built/pls" follow events --from 1 --jsonl > "$scratch/pipe" &
follower=$!
tee "$scratch/followed" < "$scratch/pipe" | show & # shown as they arrive, amid what the writers do
shown=$!
command_line "cargo build --message-format=json | pls feed events --tag build"
cargo build --quiet --offline --examples --message-format=json \
    --manifest-path "$here/hello/Cargo.toml" --target-dir "$scratch/target" 2>"$scratch/build.err" |
    pls feed events --tag build > "$scratch/receipts" || { cat "$scratch/build.err" >&2; exit 1; }
if git -C "$top" rev-parse --git-dir >/dev/null 2>&1; then
    command_line "git log --format=… | pls feed events --tag history"
    git -C "$top" log -n 12 --format='%h%x1f%an%x1f%aI%x1f%s' | as_json |
        pls feed events --tag history >> "$scratch/receipts"
fi
appended=$(wc -l < "$scratch/receipts")
# The follower has them all when it has as many as there are receipts.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    if [ "$(wc -l < "$scratch/followed")" -ge "$appended" ]; then break; fi
    sleep 0.2
done
kill "$follower" 2>/dev/null || true
wait "$follower" 2>/dev/null || true
follower=
wait "$shown" 2>/dev/null || true
received=$(wc -l < "$scratch/followed")
echo "   $appended messages went in, $received came out in the other process."
[ "$received" -eq "$appended" ] || { echo "demo: the follower missed messages" >&2; exit 1; }

bold "3. Only some of them: by tag, the last two"
command_line "pls follow events --no-follow --tag build --tail 2 --jsonl --data-only"
pls follow events --no-follow --tag build --tail 2 --jsonl --data-only | cut_long

bold "4. One of them, by its number"
command_line "pls fetch events 1"
pls fetch events 1 | cut_long

bold "5. What is in the pool"
command_line "pls pool info events"
pls pool info events | cut_long

bold "6. How fast that is, measured here and now through the C library (examples/c/pulse.c)"
"${CC:-cc}" -O2 -o "$scratch/pulse" "$here/c/pulse.c" -I"$top/include" -L"$built" -lplasmite -Wl,-rpath,"$built"
mkdir -p "$scratch/pulses"
"$scratch/pulse" "$scratch/pulses"
echo
