//! TLS: certificates that are right, wrong and old, and HTTP/2.
#![cfg(feature = "serve")]

mod common;

use common::http::Wire;
use common::http2::Raw;
use common::server::Server;
use common::tls::{client, expired, init, FILES};
use common::Scratch;
use http_body_util::{BodyExt, Full};
use rcgen::KeyPair;
use rustix::process::Signal;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned};

type Tls = Wire<StreamOwned<ClientConnection, TcpStream>>;

/// Connects; the error is that of the handshake.
fn connect(address: SocketAddr, pem: &str, name: &str) -> Result<Tls, String> {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let mut connection = ClientConnection::new(Arc::new(client(pem)), name).expect("a client");
    let mut socket = TcpStream::connect(address).expect("connected");
    while connection.is_handshaking() {
        connection
            .complete_io(&mut socket)
            .map_err(|error| error.to_string())?;
    }
    Ok(Wire::over(StreamOwned::new(connection, socket)))
}

/// A connection of HTTP/2, over TLS.
async fn connect_http2(
    address: SocketAddr,
    config: ClientConfig,
) -> hyper::client::conn::http2::SendRequest<Full<hyper::body::Bytes>> {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (sender, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

#[test]
fn what_init_makes_is_what_clients_need() {
    let scratch = Scratch::new();
    let certificate = init(&scratch, &["--bind", "0.0.0.0:9700"]);
    let token =
        std::fs::read_to_string(scratch.path().join("tls/plasmite-auth-token.txt")).unwrap();
    let mut options = vec!["--bind", "0.0.0.0:0", "--allow-non-loopback"];
    options.extend(FILES);
    let server = Server::start_bound(&scratch, &options);
    let port = server.address.port();
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
    // The machine's own name and addresses, by which other machines call it.
    let host = rustix::system::uname()
        .nodename()
        .to_str()
        .unwrap()
        .to_lowercase();
    names.push(host);
    let own: Vec<_> = if_addrs::get_if_addrs().unwrap();
    names.extend(
        own.iter()
            .map(|interface| interface.ip())
            .filter(|ip| ip.is_ipv4())
            .map(|ip| ip.to_string()),
    );
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    for name in &names {
        let mut wire =
            connect(address, &certificate, name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let auth = format!("Bearer {}", token.trim());
        wire.request("GET", "/v0/pools", &[("authorization", &auth)], b"");
        wire.answer().json();
        wire.request("GET", "/v0/pools", &[], b"");
        wire.answer().error(401, "Permission");
    }
    assert!(
        connect(address, &certificate, "other.example").is_err(),
        "wrong name"
    );
    let other = Scratch::new();
    let foreign = init(&other, &[]);
    assert!(
        connect(address, &foreign, "localhost").is_err(),
        "wrong authority"
    );
}

#[test]
fn another_client_takes_it_too() {
    let scratch = Scratch::new();
    let certificate = init(&scratch, &["--bind", "127.0.0.1:9700"]);
    let server = Server::start(&scratch, &FILES);
    let root = ureq::tls::Certificate::from_pem(certificate.as_bytes()).unwrap();
    let tls = ureq::tls::TlsConfig::builder()
        .root_certs(ureq::tls::RootCerts::new_with_certs(&[root]))
        .build();
    let agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .build()
        .new_agent();
    let url = format!("https://localhost:{}/healthz", server.address.port());
    assert_eq!(agent.get(&url).call().unwrap().status(), 200);
    let plain = ureq::Agent::new_with_defaults();
    assert!(
        plain.get(&url).call().is_err(),
        "public authorities do not know it"
    );
}

#[test]
fn a_self_signed_certificate_can_be_had() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--tls-self-signed"]);
    let address = server.address;
    let (code, log) = server.stop(Signal::TERM);
    assert_eq!(code, Some(0));
    assert!(log.contains(&format!("https://{address}")), "{log}");
    let begin = log.find("-----BEGIN CERTIFICATE-----").expect("printed");
    let end = log.find("-----END CERTIFICATE-----").expect("whole");
    let pem = format!("{}-----END CERTIFICATE-----\n", &log[begin..end]);
    assert!(!log.contains("PRIVATE"), "{log}");
    // A running server's is read the same way, here from a file.
    let file = scratch.path().join("stderr");
    let ready = scratch.path().join("ready");
    let mut child = scratch
        .command(&["serve", "--bind", "127.0.0.1:0", "--tls-self-signed"])
        .env("PLASMITE_SERVE_READY_FILE", &ready)
        .stderr(std::fs::File::create(&file).unwrap())
        .spawn()
        .unwrap();
    while !ready.exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let address = std::fs::read_to_string(&ready).unwrap().parse().unwrap();
    let printed = std::fs::read_to_string(&file).unwrap();
    let mut wire = connect(
        address,
        &printed[printed.find("-----BEGIN").unwrap()..],
        "localhost",
    )
    .unwrap();
    wire.request("GET", "/healthz", &[], b"");
    assert_eq!(wire.answer().status, 200);
    assert!(
        connect(address, &pem, "localhost").is_err(),
        "each run has its own"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

fn write(path: &Path, text: &str) -> String {
    std::fs::write(path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn an_expired_certificate_is_refused_by_clients() {
    let scratch = Scratch::new();
    let pem = expired(&scratch);
    let server = Server::start(&scratch, &["--tls-cert", "cert", "--tls-key", "key"]);
    let error = connect(server.address, &pem, "localhost")
        .err()
        .expect("refused");
    assert!(
        error.contains("Expired") || error.contains("expired"),
        "{error}"
    );
}

#[test]
fn bad_pairs_are_found_before_anything_is_served() {
    let scratch = Scratch::new();
    init(&scratch, &[]);
    let at = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (
        at("tls/plasmite-tls-cert.pem"),
        at("tls/plasmite-tls-key.pem"),
    );
    let other = write(
        &scratch.path().join("other"),
        &KeyPair::generate().unwrap().serialize_pem(),
    );
    let garbage = write(&scratch.path().join("garbage"), "garbage");
    for (cert, key, kind, code) in [
        (&cert, &other, "Usage", 2),
        (&cert, &garbage, "Usage", 2),
        (&garbage, &key, "Usage", 2),
        (&key, &key, "Usage", 2),
        (&cert, &cert, "Usage", 2),
        (&at("missing"), &key, "Io", 8),
        (&cert, &at("missing"), "Io", 8),
    ] {
        for command in [&["check"][..], &[]] {
            let mut args = vec![
                "serve",
                "--bind",
                "127.0.0.1:0",
                "--tls-cert",
                cert,
                "--tls-key",
                key,
            ];
            args.extend(command);
            let error = scratch.run(&args).error(kind, code);
            assert!(error["path"].is_string(), "{error}");
        }
    }
}

#[test]
fn half_handshakes_are_given_up() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--tls-self-signed"]);
    let mut silent = server.wire();
    let mut plain = server.wire();
    plain.request("GET", "/healthz", &[], b"");
    assert!(plain.is_closed());
    assert!(silent.is_closed(), "after its five seconds");
}

#[test]
fn http2() {
    let scratch = Scratch::new();
    let certificate = init(&scratch, &["--bind", "127.0.0.1:9700"]);
    let server = Server::start(&scratch, &FILES[2..]);
    let address = server.address;
    let mut config = client(&certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut sender = connect_http2(address, config).await;
        let request = |method: &str, path: &str, host: &str, body: &'static str| {
            hyper::Request::builder()
                .method(method)
                .uri(format!("https://{host}{path}"))
                .header("content-type", "application/json")
                .body(Full::new(hyper::body::Bytes::from_static(body.as_bytes())))
                .unwrap()
        };
        let create = request("POST", "/v0/pools", "localhost", "{\"pool\":\"lab\"}");
        assert_eq!(sender.send_request(create).await.unwrap().status(), 200);
        // A tail beside other requests on one connection.
        let tail = request("GET", "/v0/ui/pools/lab/events?start=now", "localhost", "");
        let tail = sender.send_request(tail).await.unwrap();
        assert_eq!(tail.status(), 200);
        assert!(tail.headers().get("connection").is_none());
        let append = request("POST", "/v0/pools/lab/append", "localhost", "{\"data\":7}");
        assert_eq!(sender.send_request(append).await.unwrap().status(), 200);
        let mut text = String::new();
        let mut body = tail.into_body();
        while !text.contains("\"data\":7") {
            let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
            text.push_str(std::str::from_utf8(&frame).unwrap());
        }
        drop(body);
        let foreign = request("GET", "/v0/pools", "evil.example", "");
        assert_eq!(sender.send_request(foreign).await.unwrap().status(), 403);
    });
    let (code, _) = server.stop(Signal::TERM);
    assert_eq!(code, Some(0));
}

#[test]
fn http2_connections_without_requests_are_given_up() {
    let scratch = Scratch::with_patience(Duration::from_secs(120));
    let certificate = init(&scratch, &["--bind", "127.0.0.1:9700"]);
    let server = Server::start(&scratch, &FILES[2..]);
    let silent = Raw::connect(server.address, &certificate, &[]);
    let mut kept = Raw::connect(server.address, &certificate, &[]);
    kept.get(1, "/healthz");
    let lingering = [silent, kept].map(|raw| std::thread::spawn(move || raw.linger()));
    for raw in lingering {
        raw.join().unwrap();
    }
}

#[test]
fn http2_clients_that_make_no_room_are_cut_off() {
    let scratch = Scratch::with_patience(Duration::from_secs(120));
    let certificate = init(&scratch, &["--bind", "127.0.0.1:9700"]);
    let mut options = FILES[2..].to_vec();
    options.extend(["--max-tail-concurrency", "1"]);
    let server = Server::start(&scratch, &options);
    let ask = |path: &str, method: &str, body: &str| {
        let mut wire = connect(server.address, &certificate, "localhost").unwrap();
        let json = [("content-type", "application/json")];
        wire.request(method, path, &json, body.as_bytes());
        wire.answer()
    };
    ask("/v0/pools", "POST", "{\"pool\":\"lab\"}").json();
    ask("/v0/pools/lab/append", "POST", "{\"data\":1}").json();
    // No window for what streams send.
    let mut raw = Raw::connect(server.address, &certificate, &[(4, 0)]);
    raw.get(1, "/v0/pools/lab/tail?timeout_ms=2000");
    let lingering = std::thread::spawn(move || raw.linger());
    // Another tail would take its place.
    let open = "plasmite_tails{pool=\"lab\"} 1\n";
    while !ask("/metrics", "GET", "").text().contains(open) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let another = || ask("/v0/pools/lab/tail?max=0", "GET", "").status;
    assert_eq!(another(), 423);
    while another() == 423 {
        std::thread::sleep(Duration::from_millis(200));
    }
    lingering.join().unwrap();
}

/// A client that makes room slowly is served to the end, also with what is larger than its room.
#[test]
fn http2_answers_in_pieces() {
    let scratch = Scratch::new();
    let certificate = init(&scratch, &["--bind", "127.0.0.1:9700"]);
    let server = Server::start(&scratch, &FILES[2..]);
    let text = "x".repeat(300_000);
    scratch.feed("lab", &[&format!("\"{text}\"")]);
    let mut config = client(&certificate);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut sender = connect_http2(server.address, config).await;
        for path in ["/v0/pools/lab/messages/1", "/v0/pools/lab/tail?snapshot"] {
            let request = hyper::Request::builder()
                .uri(format!("https://localhost{path}"))
                .body(Full::new(hyper::body::Bytes::new()))
                .unwrap();
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            let length = answer.headers().get("content-length").cloned();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert!(String::from_utf8_lossy(&body).contains(&text));
            if let Some(length) = length {
                assert_eq!(length.to_str().unwrap(), body.len().to_string());
            }
        }
    });
}
