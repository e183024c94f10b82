//! Examples for the help of each command. A test parses every one of them.

pub(super) const TOP: &str = r#"Examples:
  pls pool create chat                       make a pool
  pls feed chat '{"from":"alice"}'           append a message
  pls follow chat                            show messages as they come
  pls follow chat --tail 5 --no-follow       show the last five messages and end
  pls fetch chat 1                           show message 1
  pls follow http://server:9700/chat         a pool of another machine, where `pls serve` runs
  pls help feed                              say what feed can do

`pls` and `plasmite` are the same program."#;

/// Behind [`TOP`] in the long help.
pub(super) const TOP_MORE: &str = r#"Exit status:
  0    success
  1    internal error; feed --errors skip passed over a record; a finite follow lost messages
  2    wrong usage, or data that is not JSON
  3    no such pool or message
  4    the pool exists already
  5    another writer keeps the pool busy
  6    no permission
  7    a damaged pool, or no pool at all
  8    another error of the system
  9    a message was overwritten while it was read
  124  --timeout of follow or duplex ran out
  tap ends like the command it runs.

Environment:
  HOME      the pools are in $HOME/.plasmite/pools unless --dir says otherwise
  NO_COLOR  set and not empty: no colours, unless --color always asks for them; the same with TERM=dumb

Output: on a terminal it is text, errors too; in a pipe errors and notices are JSON, one a line, on
standard error."#;

pub(super) const POOL: &str = r#"Examples:
  pls pool create chat                       make a pool of 1M
  pls pool list                              which pools are there?
  pls pool info chat                         how full is it, how old, who writes?
  pls pool delete chat                       away with it"#;

pub(super) const POOL_CREATE: &str = r#"Examples:
  pls pool create chat                       1M in the pool directory
  pls pool create a b c --size 64M           three, or none if one of them exists
  pls pool create ./here.plasmite            a file at a path
  pls pool create http://server:9700/chat    a pool of a server
  pls pool create chat --json                what was made, for a program"#;

pub(super) const POOL_INFO: &str = r#"Examples:
  pls pool info chat                         for you
  pls pool info chat --json                  for a program
  pls pool info http://server:9700/chat      a pool of a server"#;

pub(super) const POOL_LIST: &str = r#"Examples:
  pls pool list                              the pools of the pool directory
  pls pool list --dir ./pools --json         those of another one, for a program
  pls pool list https://server:9700 --token-file token.txt --tls-ca cert.pem
                                             those of a server, which wants a token"#;

pub(super) const POOL_DELETE: &str = r#"Examples:
  pls pool delete chat                       followers of the pool end, writers are refused
  pls pool delete a b c                      all are tried, also when one fails"#;

pub(super) const POOL_MIGRATE: &str = r#"Examples:
  pls pool migrate chat                      convert it in its place; chat.plasmite.bak is the old file
  pls pool migrate old/chat.plasmite chat    make a new pool, leave the old file alone"#;

pub(super) const FEED: &str = r#"Examples:
  pls feed build --create '{"step": "compile", "status": "done"}'
                                             one message; the pool is made when there is none
  pls feed incidents --tag sev1 '{"msg": "payment gateway timeout"}'
                                             one with a tag
  pls feed build --file events.jsonl --errors skip
                                             each value of a file; bad ones are reported, the others go on
  journalctl -o json-seq -f | pls feed syslog --create
                                             each entry of the journal as it comes
  pls follow a --no-follow --jsonl | pls feed b --create --copy
                                             copy messages with their tags
  pls feed https://server:9700/events '{"t": 23.5}' --token-file token.txt --tls-ca cert.pem
                                             to a pool of a server, which wants a token"#;

pub(super) const FETCH: &str = r#"Examples:
  pls fetch chat 1                           the first message ever, if it is still there
  pls fetch chat 42 | jq .data               its data alone
  pls fetch http://server:9700/chat 1        from a pool of a server"#;

pub(super) const FOLLOW: &str = r#"Examples:
  pls follow chat                            what comes from now on; Ctrl-C ends it
  pls follow chat --tail 10                  the last ten first
  pls follow chat --no-follow --jsonl        all there is, one line each, then end
  pls follow incidents --tag sev1 --since 1h
                                             what has this tag, from the last hour on
  pls follow ci --where '.data.status == "green"' --one
                                             wait until the tests are green, then end
  pls follow ci --one --timeout 5m           wait for one message, exit status 124 if none comes
  pls follow incidents --since 1h --replay 10
                                             the last hour again, ten times as fast
  pls follow https://server:9700/events --tail 20 --token-file token.txt --tls-ca cert.pem
                                             a pool of a server, which wants a token"#;

pub(super) const DUPLEX: &str = r#"Examples:
  pls duplex chat --create --me alice        Alice opens the chat
  pls duplex chat --me bob --tail 20         Bob joins and catches up on the last 20 messages
  worker | pls duplex jobs --jsonl           send what a program prints, show what others send
  pls duplex http://server:9700/chat --me bob
                                             a chat with other machines"#;

pub(super) const TAP: &str = r#"Examples:
  pls tap build --create -- make -j2         run make, record its output in the pool build
  pls tap build --tag nightly -q -- ./test   record lines with a tag, show nothing
  pls follow build --tag lifecycle           elsewhere: see it start and end
  pls tap http://server:9700/build -- make   record it on a server"#;

pub(super) const DOCTOR: &str = r#"Examples:
  pls doctor chat                            is this pool in order?
  pls doctor --all                           are all of them?
  pls doctor --all --json                    the same for a program
  pls doctor chat --salvage chat-2           copy what is intact of a damaged pool into a new one

Exit status: 0 when all is in order, 7 when a pool is damaged."#;

pub(super) const VERSION: &str = r#"Examples:
  pls version                                the version
  pls version | jq -r .version               the number alone, for a script"#;

pub(super) const COMPLETION: &str = r#"Examples:
  pls completion bash > ~/.local/share/bash-completion/completions/plasmite
  pls completion zsh > ~/.zfunc/_plasmite    with ~/.zfunc in $fpath
  pls completion fish > ~/.config/fish/completions/plasmite.fish

The script completes both `plasmite` and `pls`. bash loads its file by the command's name: link it to `pls` as well."#;

pub(super) const MAN_PAGES: &str = r#"Examples:
  pls man-pages ~/.local/share/man/man1      write the pages there, for `man pls-feed`"#;

#[cfg(feature = "serve")]
pub(super) const SERVE: &str = r#"Examples:
  pls serve                                     for programs on this machine
  pls serve init --output-dir ~/plasmite-tls    make what serving a network needs, and show the commands
  pls serve --access read-only check            would that work?"#;

#[cfg(feature = "serve")]
pub(super) const SERVE_INIT: &str = r#"Examples:
  pls serve init --output-dir ~/plasmite-tls    for a server on all addresses of this machine
  pls serve init --bind 192.168.1.5:9700        for one address"#;

#[cfg(feature = "serve")]
pub(super) const SERVE_CHECK: &str = r#"Examples:
  pls serve --access read-only check            say what would be served
  pls serve --tls-self-signed check --json      the same for a program"#;

#[cfg(feature = "serve")]
pub(super) const MCP: &str = r#"Examples:
  pls mcp                                       what a client is to start; it speaks JSON, not with people
  pls mcp --dir ./pools                         for the pools of another directory
  claude mcp add plasmite -- pls mcp            how one client is told of it"#;

#[cfg(test)]
mod tests {
    use super::super::Top;
    use clap::{Command, CommandFactory, Parser};

    /// The words of a line as a POSIX shell splits it, as far as examples go: blanks, single quotes, and the first
    /// command of the line that is `pls`; two blanks end it, as a comment follows.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
        let mut rest = line.chars().peekable();
        while let Some(char) = rest.next() {
            match char {
                '\'' => quoted = !quoted,
                ' ' if !quoted => {
                    words.push(std::mem::take(&mut word));
                    if rest.peek() == Some(&' ') {
                        return words;
                    }
                }
                _ => word.push(char),
            }
        }
        words.push(word);
        words
    }

    fn check(command: &Command) {
        let help = command.get_after_help().unwrap_or_default().to_string();
        let name = command.get_name();
        let mut count = 0;
        for line in help.lines() {
            let Some(line) = line
                .strip_prefix("  ")
                .filter(|line| !line.starts_with(' '))
            else {
                continue;
            };
            for part in line
                .split(" | ")
                .map(|part| part.split(" > ").next().unwrap_or(part))
            {
                if part.starts_with("pls ") {
                    let parsed = Top::try_parse_from(words(part));
                    let fine = parsed
                        .as_ref()
                        .err()
                        .is_none_or(|error| !error.use_stderr());
                    assert!(fine, "{name}: {part}: {parsed:?}");
                    count += 1;
                }
            }
        }
        assert!(count > 0, "{name} has no examples");
    }

    #[test]
    fn every_command_has_some_and_all_are_accepted() {
        let top = Top::command();
        check(&top);
        for command in top.get_subcommands() {
            check(command);
            command.get_subcommands().for_each(check);
        }
    }
}
