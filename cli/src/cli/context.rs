//! What every command knows: how it was called, where its output goes.

use super::args::{Global, RemoteArgs};
use super::exit::Failure;
use super::output::stderr::Stderr;
use super::output::stdout::Stdout;
use super::remote;
use crate::{default_pool_dir, Client, Error, ErrorKind};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Names have no `/`; what has one is a path or an address.
fn refuse_near_misses(references: &[&str]) -> Result<(), Error> {
    let mut paths = references.iter().filter(|name| name.contains('/'));
    paths.try_for_each(|path| remote::refuse_near_miss(path))
}

/// What every command knows.
#[derive(Debug)]
pub(super) struct Context {
    /// The name it was called by.
    pub(super) program: &'static str,
    /// The arguments as typed.
    pub(super) typed: Vec<OsString>,
    dir: Option<PathBuf>,
    /// What is brought along to servers, once there is a client that may meet one.
    remote: Option<RemoteArgs>,
    /// Standard output.
    pub(super) out: Stdout,
    /// Standard error.
    pub(super) err: Stderr,
}

impl Context {
    pub(super) fn new(program: &'static str, typed: Vec<OsString>, global: Global) -> Context {
        let color = global.color.unwrap_or_default();
        Context {
            program,
            typed,
            dir: global.dir,
            remote: None,
            out: Stdout::new(color),
            err: Stderr::new(color),
        }
    }

    /// `--dir` as typed.
    pub(super) fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// The address of a server that was given with `--dir`.
    pub(super) fn home_server(&self) -> Option<&str> {
        self.dir
            .as_deref()
            .and_then(Path::to_str)
            .filter(|directory| remote::is_url(directory))
    }

    /// Whether a reference means a pool of a server.
    pub(super) fn is_remote(&self, reference: &str) -> bool {
        remote::is_url(reference) || self.home_server().is_some()
    }

    /// The server whose pool a reference means, if it is one of a server.
    pub(super) fn server_of(&self, reference: &str) -> Option<String> {
        match remote::is_url(reference) {
            true => Some(remote::server_of(reference)),
            false => self.home_server().map(remote::server_of),
        }
    }

    /// Whether the command has to do with a server.
    pub(super) fn meets_server(&self) -> bool {
        self.remote.is_some()
    }

    /// What is brought along to servers, as words of a command to be shown.
    pub(super) fn remote_words(&self) -> Vec<String> {
        self.remote
            .as_ref()
            .map(RemoteArgs::words)
            .unwrap_or_default()
    }

    /// The pools of `--dir`, or of the default directory, for a command that knows no servers. Also guards against
    /// files truncated by others.
    pub(super) fn client(&self, command: &str, references: &[&str]) -> Result<Client, Failure> {
        self.check_local(command, references)?;
        Ok(Client::new(self.home()?)?)
    }

    /// The same for a command whose errors strangers see: the directory in them is to be told from other words.
    pub(super) fn client_with_whole_paths(&self, command: &str) -> Result<Client, Failure> {
        self.check_local(command, &[])?;
        let home = self.home()?;
        let whole = std::path::absolute(&home).unwrap_or(home);
        Ok(Client::new(whole)?)
    }

    fn check_local(&self, command: &str, references: &[&str]) -> Result<(), Failure> {
        remote::refuse_all(command, references)?;
        refuse_near_misses(references)?;
        if let Some(server) = self.home_server() {
            remote::refuse_all(command, &[server])?;
        }
        crate::install_guard()?;
        Ok(())
    }

    /// A client for these references, each a pool of this machine or of a server; for none, of all pools there are.
    pub(super) fn client_of(
        &mut self,
        command: &str,
        args: &RemoteArgs,
        references: &[&str],
    ) -> Result<Client, Failure> {
        refuse_near_misses(references)?;
        remote::check(self, args, references)?;
        crate::install_guard()?;
        let names = references.iter().filter(|name| !remote::is_url(name));
        let home = match references.is_empty() || names.count() > 0 {
            true => self.home()?,
            // No name is looked up anywhere, so it does not matter where.
            false => PathBuf::from("."),
        };
        let mut remote = references.iter().filter(|name| self.is_remote(name));
        let first = match references.is_empty() {
            true => self.home_server(),
            false => remote.next().copied(),
        };
        let Some(first) = first.map(str::to_owned) else {
            return Ok(Client::new(home)?);
        };
        self.remote = Some(args.clone());
        let client = remote::client(&home, args)?;
        remote::warn(self, args, command, &first);
        Ok(client)
    }

    /// A client whose pools are those of a server.
    pub(super) fn client_of_server(
        &mut self,
        command: &str,
        args: &RemoteArgs,
        server: &str,
    ) -> Result<Client, Failure> {
        if !remote::is_url(server) {
            let message = format!("{server:?} is not the address of a server");
            return Err(Error::new(ErrorKind::Usage, message)
                .with_hint("write it as https://HOST:9700, or name a directory with --dir")
                .into());
        }
        self.remote = Some(args.clone());
        let client = remote::client(Path::new(server), args)?;
        remote::warn(self, args, command, server);
        Ok(client)
    }

    /// Where the pools are that are given by their names.
    fn home(&self) -> Result<PathBuf, Error> {
        match &self.dir {
            Some(directory) if directory.as_os_str().is_empty() => {
                Err(Error::new(ErrorKind::Usage, "--dir is empty")
                    .with_hint("name a directory, or leave --dir out for ~/.plasmite/pools"))
            }
            Some(directory) => {
                directory
                    .to_str()
                    .map_or(Ok(()), remote::refuse_near_miss)?;
                Ok(directory.clone())
            }
            None => default_pool_dir(),
        }
    }
}
