#!/usr/bin/env bash
# Installs into an empty prefix, builds the C example there through pkg-config, runs it, and uninstalls again:
# install.sh [TARGET], where TARGET is the make target to use (default install).
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${1:-install}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "install.sh: $*" >&2
    exit 1
}
same() { [ "$2" = "$3" ] || fail "$1 is"$'\n'"$2"$'\n'"expected"$'\n'"$3"; }

make -s "$target" PREFIX="$work/usr"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
for file in lib/libplasmite.so lib/libplasmite.so.1 "lib/libplasmite.so.$version" lib/libplasmite.a include/plasmite.h \
    lib/pkgconfig/plasmite.pc share/doc/plasmite/LICENSE share/doc/plasmite/THIRD_PARTY_NOTICES.md; do
    [ -e "$work/usr/$file" ] || fail "$file was not installed"
done
if [ "$target" = install ]; then
    for program in plasmite pls; do
        "$work/usr/bin/$program" version >/dev/null || fail "the installed $program does not run"
        for file in "man/man1/$program.1" "man/man1/$program-pool-create.1" "bash-completion/completions/$program" \
            zsh/site-functions/_plasmite "fish/vendor_completions.d/$program.fish"; do
            [ -s "$work/usr/share/$file" ] || fail "share/$file was not installed"
        done
        if command -v man >/dev/null; then
            page=$(MANPATH=$work/usr/share/man MANPAGER=cat man "$program-feed" 2>/dev/null)
            case $page in *--create-size*EXAMPLES*) ;; *) fail "man $program-feed does not show the page" ;; esac
        else
            tests/left-out "installation: man is not installed, so no page was shown (apt-get install man-db)"
        fi
    done
fi

# Moved elsewhere, everything still works: nothing remembers where it was installed.
mv "$work/usr" "$work/moved"
export PKG_CONFIG_PATH=$work/moved/lib/pkgconfig
same "the version of the package" "$(pkg-config --modversion plasmite)" "$version"
# shellcheck disable=SC2046 # the flags are words
cc -std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -Werror examples/c/relay.c $(pkg-config --cflags --libs plasmite) -o "$work/relay"
# shellcheck disable=SC2046
cc -std=c11 -D_DEFAULT_SOURCE examples/c/relay.c $(pkg-config --cflags plasmite) "$work/moved/lib/libplasmite.a" \
    $(pkg-config --libs --static plasmite | tr ' ' '\n' | grep -v -e -L -e -lplasmite) -o "$work/relay-static"
wanted='alarm 250: pump-1 at 45.0
alarm 500: pump-2 at 70.0
alarm 750: pump-0 at 95.0
alarm 1000: pump-1 at 120.0'
same "the example's output" "$(LD_LIBRARY_PATH=$work/moved/lib timeout 30 "$work/relay" "$work/a.plasmite")" "$wanted"
same "the static example's output" "$(timeout 30 "$work/relay-static" "$work/b.plasmite")" "$wanted"
if [ "$target" = install ]; then
    LD_LIBRARY_PATH='' "$work/moved/bin/pls" version >/dev/null || fail "pls does not find its library when moved"
fi

mv "$work/moved" "$work/usr"
make -s uninstall PREFIX="$work/usr"
left=$(find "$work/usr" -type f -o -type l -o -path '*/doc/plasmite')
[ -z "$left" ] || fail "uninstall leaves $left"

# DESTDIR stands in front of PREFIX.
make -s "$target" PREFIX=/opt/p DESTDIR="$work/image"
[ -e "$work/image/opt/p/lib/libplasmite.so" ] || fail "DESTDIR is not respected"
make -s uninstall PREFIX=/opt/p DESTDIR="$work/image"
echo "installed, used, moved and uninstalled"
