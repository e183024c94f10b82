//! How a client is made: where its pools are, and what it brings along to servers.

#![allow(unsafe_code)]

use std::ffi::c_char;
use std::path::PathBuf;
use std::time::Duration;

use plasmite_core::Result;
use plasmite_remote::{Options, Settings};

use crate::options::{self, Versioned};
use crate::text::str_in;

/// Trust every server, whatever its certificate: anybody on the way can read and change everything.
pub const PLSM_CLIENT_TLS_SKIP_VERIFY: u32 = 1;
/// Send the token over plain HTTP to other machines too: anybody on the way can read and use it.
pub const PLSM_CLIENT_INSECURE_TOKEN: u32 = 2;

/// How a client is made. Zero it and set struct_size, or start from PLSM_CLIENT_OPTIONS_INIT. All but pool_dir
/// is for servers only: pools given by their address, or all of a client whose pool_dir is a server's address. Then
/// the token goes to that server alone, otherwise to every server whose pools the client opens.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_client_options {
    /// sizeof(plsm_client_options_t).
    pub struct_size: u32,
    /// PLSM_CLIENT_ flags.
    pub flags: u32,
    /// The directory, or a server's address; see plsm_client_new. NULL means $HOME/.plasmite/pools.
    pub pool_dir: *const c_char,
    /// The bearer token, or NULL. Over plain HTTP it goes to loopback addresses only.
    pub token: *const c_char,
    /// A file with the token, or NULL; white space around it does not count. Excludes token.
    pub token_file: *const c_char,
    /// A PEM file of the certificates by which servers are trusted, or NULL for those that browsers trust. Excludes
    /// PLSM_CLIENT_TLS_SKIP_VERIFY.
    pub tls_ca_file: *const c_char,
    /// For how long one request may take, in ms; 0 means 30000. A stream goes on for as long as it is wanted.
    pub request_timeout_ms: u64,
    /// The largest answer or message taken from a server, in bytes; 0 means 268435456. What comes back from an
    /// append, its own message, may be larger.
    pub largest_bytes: u64,
}

/// How a client is made. See plsm_client_options.
pub type plsm_client_options_t = plsm_client_options;

// SAFETY: repr(C), integers and pointers only, starts with struct_size.
unsafe impl Versioned for plsm_client_options {
    const FIRST_SIZE: usize = 56;
    const NAME: &'static str = "plsm_client_options_t";
}

impl plsm_client_options {
    /// The directory or server, and checked settings.
    ///
    /// # Safety
    /// Each text is NULL or a NUL-terminated string that stays as it is for `'a`.
    pub(crate) unsafe fn to_parts<'a>(self) -> Result<(Option<&'a str>, Settings)> {
        const FLAGS: u32 = PLSM_CLIENT_TLS_SKIP_VERIFY | PLSM_CLIENT_INSECURE_TOKEN;
        options::check_flags(self.flags, FLAGS, Self::NAME)?;
        let text = |text: *const c_char, name: &'static str| -> Result<Option<&'a str>> {
            // SAFETY: passed on.
            (!text.is_null())
                .then(|| unsafe { str_in(text, name) })
                .transpose()
        };
        let settings = Settings::new(&Options {
            token: text(self.token, "token")?.map(str::to_owned),
            token_file: text(self.token_file, "token_file")?.map(PathBuf::from),
            tls_ca: text(self.tls_ca_file, "tls_ca_file")?.map(PathBuf::from),
            tls_skip_verify: self.flags & PLSM_CLIENT_TLS_SKIP_VERIFY != 0,
            insecure_token: self.flags & PLSM_CLIENT_INSECURE_TOKEN != 0,
            request_timeout: Duration::from_millis(self.request_timeout_ms),
            largest: self.largest_bytes,
        })?;
        Ok((text(self.pool_dir, "pool_dir")?, settings))
    }
}
