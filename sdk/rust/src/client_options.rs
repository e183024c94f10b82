//! How a client is made: where its pools are, and what it brings along to servers.

use crate::call::c_text;
use crate::{raw, Error, ErrorKind, Result};
use std::ffi::CString;
use std::fmt;
use std::path::Path;
use std::ptr;
use std::time::Duration;

/// How a client is made. Everything has a default: [`default_pool_dir`](crate::default_pool_dir), no token, servers that
/// browsers trust.
///
/// All but the directory is for servers only: pools given by their address (`http://host:9700/events`), or all of a client
/// whose directory is a server's address. Then the token goes to that server alone, otherwise to every server whose pools
/// the client opens.
#[derive(Clone, Default)]
pub struct ClientOptions {
    pool_dir: Option<CString>,
    token: Option<CString>,
    token_file: Option<CString>,
    tls_ca_file: Option<CString>,
    flags: u32,
    request_timeout_ms: u64,
    largest_bytes: u64,
}

fn path_text(path: &Path, what: &str) -> Result<CString> {
    let text = path.to_str().ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("{what} is not valid UTF-8"))
            .with_hint("rename the directory or the file")
    })?;
    c_text(text, what)
}

impl ClientOptions {
    /// The defaults.
    pub fn new() -> ClientOptions {
        ClientOptions::default()
    }

    /// The directory of the pools, which need not exist yet; or a server's address.
    ///
    /// # Errors
    /// Usage for a path that is not UTF-8 or holds a NUL.
    pub fn pool_dir(mut self, directory: impl AsRef<Path>) -> Result<ClientOptions> {
        self.pool_dir = Some(path_text(directory.as_ref(), "the pool directory")?);
        Ok(self)
    }

    /// The bearer token. Over plain HTTP it goes to loopback addresses only.
    ///
    /// # Errors
    /// Usage for one that holds a NUL.
    pub fn token(mut self, token: &str) -> Result<ClientOptions> {
        self.token = Some(c_text(token, "the token")?);
        Ok(self)
    }

    /// A file with the token; white space around it does not count. Excludes [`ClientOptions::token`].
    ///
    /// # Errors
    /// As [`ClientOptions::pool_dir`].
    pub fn token_file(mut self, path: impl AsRef<Path>) -> Result<ClientOptions> {
        self.token_file = Some(path_text(path.as_ref(), "the token file")?);
        Ok(self)
    }

    /// A PEM file of the certificates by which servers are trusted, instead of those that browsers trust.
    ///
    /// # Errors
    /// As [`ClientOptions::pool_dir`].
    pub fn tls_ca_file(mut self, path: impl AsRef<Path>) -> Result<ClientOptions> {
        self.tls_ca_file = Some(path_text(path.as_ref(), "the file of certificates")?);
        Ok(self)
    }

    /// Trusts every server, whatever its certificate: anybody on the way can read and change everything.
    pub fn tls_skip_verify(self, skip: bool) -> ClientOptions {
        self.flag(raw::PLSM_CLIENT_TLS_SKIP_VERIFY, skip)
    }

    /// Sends the token over plain HTTP to other machines too: anybody on the way can read and use it.
    pub fn insecure_token(self, insecure: bool) -> ClientOptions {
        self.flag(raw::PLSM_CLIENT_INSECURE_TOKEN, insecure)
    }

    fn flag(mut self, flag: u32, set: bool) -> ClientOptions {
        match set {
            true => self.flags |= flag,
            false => self.flags &= !flag,
        }
        self
    }

    /// For how long one request may take, in whole milliseconds; 30 s unless set. A stream goes on for as long as it is
    /// wanted.
    pub fn request_timeout(mut self, timeout: Duration) -> ClientOptions {
        self.request_timeout_ms = u64::try_from(timeout.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        self
    }

    /// The largest answer or message taken from a server, in bytes; 256 MiB unless set.
    pub fn largest(mut self, bytes: u64) -> ClientOptions {
        self.largest_bytes = bytes;
        self
    }

    pub(crate) fn with_raw<T>(&self, call: impl FnOnce(&raw::plsm_client_options_t) -> T) -> T {
        let text = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        call(&raw::plsm_client_options_t {
            struct_size: size_of::<raw::plsm_client_options_t>() as u32,
            flags: self.flags,
            pool_dir: text(&self.pool_dir),
            token: text(&self.token),
            token_file: text(&self.token_file),
            tls_ca_file: text(&self.tls_ca_file),
            request_timeout_ms: self.request_timeout_ms,
            largest_bytes: self.largest_bytes,
        })
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("pool_dir", &self.pool_dir)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("token_file", &self.token_file)
            .field("tls_ca_file", &self.tls_ca_file)
            .field("flags", &self.flags)
            .finish_non_exhaustive()
    }
}
