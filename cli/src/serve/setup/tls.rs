//! Certificates and keys: loaded from files or made here.

use super::{files, names};
use crate::{Error, ErrorKind};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use ring::digest::{digest, SHA256};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::ServerConfig;

const DAY: Duration = Duration::from_secs(86_400);
/// How long a certificate of ours is good: the longest that common systems take.
const VALID: Duration = Duration::from_secs(825 * 86_400);

/// What TLS connections are served with.
pub(crate) struct Tls {
    pub(crate) server: Arc<ServerConfig>,
    /// `SHA256:` and the certificate's digest in hexadecimal pairs.
    pub(crate) fingerprint: String,
    /// The certificate as PEM, when it was made here and is nowhere else to be had.
    pub(crate) self_signed: Option<String>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// A certificate and its key, both as PEM.
pub(super) struct Made {
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) fingerprint: String,
}

impl Tls {
    /// From files.
    pub(super) fn load(cert: &Path, key: &Path, warnings: &mut Vec<String>) -> Result<Tls, Error> {
        let cert_pem = files::read_pem(cert, "the certificate")?;
        let key_pem = files::read_pem(key, "the private key")?;
        files::warn_of_mode(key, "the private key", warnings);
        let bad = |what: String, path: &Path| {
            Error::new(ErrorKind::Usage, what)
                .with_path(path.to_string_lossy())
                .with_hint("PEM files are wanted; `pls serve init` makes a pair")
        };
        let chain = CertificateDer::pem_slice_iter(&cert_pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| bad(format!("the certificate is not PEM: {error}"), cert))?;
        if chain.is_empty() {
            return Err(bad("there is no certificate in the file".into(), cert));
        }
        let private = PrivateKeyDer::from_pem_slice(&key_pem)
            .map_err(|error| bad(format!("there is no private key in the file: {error}"), key))?;
        Tls::build(chain, private, None).map_err(|error| {
            bad(
                format!("the certificate and the private key do not make a pair: {error}"),
                key,
            )
        })
    }

    /// A new certificate, in memory.
    pub(super) fn self_signed(bind: IpAddr) -> Result<Tls, Error> {
        let made = make(bind)?;
        let parsed = (
            CertificateDer::from_pem_slice(made.certificate.as_bytes()),
            PrivateKeyDer::from_pem_slice(made.key.as_bytes()),
        );
        match parsed {
            (Ok(certificate), Ok(key)) => {
                Tls::build(vec![certificate], key, Some(made.certificate))
                    .map_err(|error| internal(&error))
            }
            (Err(error), _) | (_, Err(error)) => Err(internal(&error)),
        }
    }

    fn build(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        self_signed: Option<String>,
    ) -> Result<Tls, tokio_rustls::rustls::Error> {
        let fingerprint = chain.first().map(fingerprint).unwrap_or_default();
        let mut server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Tls {
            server: Arc::new(server),
            fingerprint,
            self_signed,
        })
    }
}

/// Makes a key and a certificate for a server on this address.
pub(super) fn make(bind: IpAddr) -> Result<Made, Error> {
    let make = || -> Result<Made, rcgen::Error> {
        let mut params = CertificateParams::new(names::certificate_names(bind))?;
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "Plasmite server");
        let now = SystemTime::now();
        // Clocks differ.
        params.not_before = (now - DAY).into();
        params.not_after = (now - DAY + VALID).into();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(Made {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            fingerprint: fingerprint(certificate.der()),
        })
    };
    make().map_err(|error| internal(&error))
}

fn internal(error: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("cannot make a certificate: {error}"),
    )
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let pairs: Vec<String> = digest(&SHA256, certificate)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    format!("SHA256:{}", pairs.join(":"))
}
