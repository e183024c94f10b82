//! What a command brings along to servers: options of every command that takes the address of a pool.

use clap::{Args, ValueHint};
use std::path::{Path, PathBuf};

/// A token and whom to trust.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options for pools of a server")]
pub(crate) struct RemoteArgs {
    /// The server's token. Others on this machine can see it in the list of processes: better use --token-file.
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file")]
    pub(crate) token: Option<String>,
    /// The file with the server's token.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) token_file: Option<PathBuf>,
    /// The file with the certificates (PEM) by which servers are trusted, instead of those that browsers trust.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, conflicts_with = "tls_skip_verify")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Trust any certificate: whoever is on the way can read and change everything.
    #[arg(long)]
    pub(crate) tls_skip_verify: bool,
    /// Send the token over plain HTTP to other machines too: whoever is on the way can read it.
    #[arg(long)]
    pub(crate) insecure_token: bool,
}

impl RemoteArgs {
    /// The first of the options that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let options = [
            (self.token.is_some(), "--token"),
            (self.token_file.is_some(), "--token-file"),
            (self.tls_ca.is_some(), "--tls-ca"),
            (self.tls_skip_verify, "--tls-skip-verify"),
            (self.insecure_token, "--insecure-token"),
        ];
        options
            .into_iter()
            .find_map(|(given, name)| given.then_some(name))
    }

    /// Whether a token is sent along.
    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some() || self.token_file.is_some()
    }

    /// The options as words of a command to be shown. The token itself is not among them.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut with = |option: &str, value: &str| words.extend([option.into(), value.into()]);
        if self.token.is_some() {
            with("--token", "TOKEN");
        }
        let text = |path: &Path| path.to_string_lossy().into_owned();
        if let Some(path) = &self.token_file {
            with("--token-file", &text(path));
        }
        if let Some(path) = &self.tls_ca {
            with("--tls-ca", &text(path));
        }
        let flags = [
            (self.tls_skip_verify, "--tls-skip-verify"),
            (self.insecure_token, "--insecure-token"),
        ];
        let given = flags.into_iter().filter(|(given, _)| *given);
        words.extend(given.map(|(_, name)| name.to_owned()));
        words
    }
}
