//! What a server needs for TLS: as `serve init` makes it, and a certificate whose time is over.

use super::Scratch;
use rcgen::{CertificateParams, KeyPair};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Options of a server with the files of [`init`].
pub(crate) const FILES: [&str; 6] = [
    "--token-file",
    "tls/plasmite-auth-token.txt",
    "--tls-cert",
    "tls/plasmite-tls-cert.pem",
    "--tls-key",
    "tls/plasmite-tls-key.pem",
];

/// `serve init` in `tls`, and its certificate.
#[track_caller]
pub(crate) fn init(scratch: &Scratch, options: &[&str]) -> String {
    let mut args = vec!["serve", "init", "--output-dir", "tls"];
    args.extend(options);
    scratch.run(&args).json();
    std::fs::read_to_string(scratch.path().join("tls/plasmite-tls-cert.pem")).expect("written")
}

/// A certificate for `localhost` that was good until yesterday, in the files `cert` and `key`.
pub(crate) fn expired(scratch: &Scratch) -> String {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let day = Duration::from_secs(86_400);
    params.not_before = (SystemTime::now() - 30 * day).into();
    params.not_after = (SystemTime::now() - day).into();
    let key = KeyPair::generate().expect("a key");
    let pem = params.self_signed(&key).expect("signed").pem();
    std::fs::write(scratch.path().join("cert"), &pem).expect("written");
    std::fs::write(scratch.path().join("key"), key.serialize_pem()).expect("written");
    pem
}

/// A client that trusts these certificates alone.
pub(crate) fn client(pem: &str) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.expect("PEM")).expect("a certificate");
    }
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
