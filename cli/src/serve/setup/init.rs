//! `serve init`: a token, a certificate and its key, for a server that others can reach.

use super::files::{self, NewFile};
use super::{names, tls};
use crate::{Error, ErrorKind};
use ring::rand::{SecureRandom, SystemRandom};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct InitSettings {
    pub(crate) bind: SocketAddr,
    pub(crate) output_dir: PathBuf,
    pub(crate) token_file: PathBuf,
    pub(crate) tls_cert: PathBuf,
    pub(crate) tls_key: PathBuf,
    pub(crate) force: bool,
}

/// What was made.
#[derive(Clone, Debug)]
pub(crate) struct Artifacts {
    pub(crate) token_file: PathBuf,
    pub(crate) tls_cert: PathBuf,
    pub(crate) tls_key: PathBuf,
    pub(crate) fingerprint: String,
    /// Where clients find the server.
    pub(crate) base_url: String,
}

impl Artifacts {
    /// Makes the files.
    ///
    /// # Errors
    /// AlreadyExists without `force`; Usage for paths that are the same; Permission; Io.
    pub(crate) fn make(settings: &InitSettings) -> Result<Artifacts, Error> {
        let made_dir = std::fs::create_dir_all(&settings.output_dir)
            .and_then(|()| settings.output_dir.canonicalize());
        let directory = made_dir.map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::PermissionDenied => ErrorKind::Permission,
                _ => ErrorKind::Io,
            };
            Error::new(kind, format!("cannot make the output directory: {error}"))
                .with_path(settings.output_dir.to_string_lossy())
                .with_hint("choose another --output-dir")
        })?;
        let [token_file, tls_cert, tls_key] =
            [&settings.token_file, &settings.tls_cert, &settings.tls_key]
                .map(|path| normal(&directory.join(path)));
        if token_file == tls_cert || token_file == tls_key || tls_cert == tls_key {
            return Err(Error::new(
                ErrorKind::Usage,
                "--token-file, --tls-cert and --tls-key must be three different files",
            )
            .with_hint("leave them out for the default names"));
        }
        let made = tls::make(settings.bind.ip())?;
        let token = token()?;
        let file = |path, text, secret| NewFile { path, text, secret };
        files::write_all(
            &[
                file(&token_file, &token, true),
                file(&tls_cert, &made.certificate, false),
                file(&tls_key, &made.key, true),
            ],
            settings.force,
        )?;
        let host = SocketAddr::new(host_for_clients(settings.bind.ip()), settings.bind.port());
        Ok(Artifacts {
            token_file,
            tls_cert,
            tls_key,
            fingerprint: made.fingerprint,
            base_url: format!("https://{host}"),
        })
    }
}

/// The path without `.` and `..`, as far as that can be told by its text.
fn normal(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// The address clients are told: of all of the machine's the likeliest.
fn host_for_clients(bind: IpAddr) -> IpAddr {
    match bind.is_unspecified() {
        true => names::addresses()
            .into_iter()
            .next()
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        false => bind,
    }
}

fn token() -> Result<String, Error> {
    let mut bytes = [0; TOKEN_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Io, "the system has no random numbers"))?;
    let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.push('\n');
    Ok(text)
}
