//! The server behind nginx and Caddy, configured as docs/serving.md says; and its unit for systemd.
#![cfg(feature = "serve")]

mod common;

use common::both::LONG;
use common::server::Server;
use common::Scratch;
use plasmite::{AppendOptions, Client, ClientOptions, Next, PoolOptions, Start, TailOptions, Wait};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Proxies take their time to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// The indented block of docs/serving.md below this line.
#[track_caller]
fn block(heading: &str) -> String {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/serving.md"))
            .expect("the guide");
    let (_, below) = text
        .split_once(&format!("{heading}\n\n"))
        .expect("its heading");
    below
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("    "))
        .map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or("")))
        .collect()
}

/// Ends a proxy with the test.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        // The master of nginx ends its workers when it is told to end, not when it is killed.
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

#[track_caller]
fn start(program: &str, arguments: &[&str], scratch: &Scratch) -> Proxy {
    let child = Command::new(program)
        .args(arguments)
        .env("HOME", scratch.path())
        .env("XDG_DATA_HOME", scratch.path())
        .env("XDG_CONFIG_HOME", scratch.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(scratch.path().join("proxy.log")).expect("a log"))
        .spawn();
    match child {
        Ok(child) => Proxy(child),
        Err(error) => {
            panic!("{program}: {error}: the tests need it: apt-get install nginx-light caddy")
        }
    }
}

/// An address of this machine for the proxy, unlike those of other runs of these tests.
fn address(last: u8) -> String {
    let id = std::process::id();
    format!("127.{}.{}.{last}:8080", 100 + (id >> 8) % 100, id & 255)
}

/// A pool through the proxy: what is asked, what comes at once, what stays open.
#[track_caller]
fn works(proxy: &str, scratch: &Scratch) {
    let token = scratch.path().join("token");
    let options = ClientOptions::new()
        .pool_dir(format!("http://{proxy}"))
        .unwrap();
    let client = Client::with_options(&options.token_file(&token).unwrap()).unwrap();
    let began = std::time::Instant::now();
    let pool = loop {
        match client.create("lab", &PoolOptions::new()) {
            Ok(pool) => break pool,
            Err(error) if began.elapsed() > Duration::from_secs(20) => {
                let log = std::fs::read_to_string(scratch.path().join("proxy.log"));
                panic!("{error:?}: {log:?}")
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let mut stream = pool.tail(&TailOptions::new().start(Start::Now)).unwrap();
    for number in 0..20 {
        let json = format!("{{\"n\":{number}}}");
        pool.append(json.as_bytes(), &AppendOptions::new()).unwrap();
        // Not held back until more has come.
        match stream.next_json(LONG).unwrap() {
            Next::Message(message) => assert!(message.ends_with(format!("{json}}}").as_bytes())),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(
        stream.next_json(Wait::Try).unwrap(),
        Next::TimedOut
    ));
    let without = Client::new(format!("http://{proxy}")).unwrap();
    assert!(
        without.open_pool("lab").is_err(),
        "the token goes through, and is wanted"
    );
}

fn served(scratch: &Scratch) -> Server {
    std::fs::write(scratch.path().join("token"), "secret\n").unwrap();
    let token = scratch.path().join("token");
    Server::start(
        scratch,
        &[
            "--allow-host",
            "pools.example.com",
            "--token-file",
            token.to_str().unwrap(),
        ],
    )
}

#[test]
fn nginx() {
    let scratch = Scratch::with_patience(PATIENCE);
    let server = served(&scratch);
    let proxy = address(1);
    let location = block("nginx:").replace("127.0.0.1:9700", &server.address.to_string());
    let directory = scratch.path().display();
    let configuration = format!(
        "daemon off;\nuser root;\npid {directory}/nginx.pid;\nerror_log stderr;\nevents {{}}\n\
         http {{\n access_log off;\n client_body_temp_path {directory}/body;\n proxy_temp_path {directory}/proxy;\n \
         fastcgi_temp_path {directory}/fastcgi;\n uwsgi_temp_path {directory}/uwsgi;\n scgi_temp_path {directory}/scgi;\n \
         server {{\n listen {proxy};\n{location}}}\n}}\n"
    );
    let configuration = match rustix::process::geteuid().is_root() {
        true => configuration,
        false => configuration.replace("user root;\n", ""),
    };
    let file = scratch.path().join("nginx.conf");
    std::fs::write(&file, configuration).unwrap();
    let prefix = scratch.path().display().to_string();
    let _proxy = start(
        "nginx",
        &["-e", "stderr", "-p", &prefix, "-c", file.to_str().unwrap()],
        &scratch,
    );
    works(&proxy, &scratch);
}

#[test]
fn caddy() {
    let scratch = Scratch::with_patience(PATIENCE);
    let server = served(&scratch);
    let proxy = address(2);
    let site = block("Caddy:")
        .replace("127.0.0.1:9700", &server.address.to_string())
        .replace("pools.example.com", &format!("http://{proxy}"));
    let host = proxy.split(':').next().unwrap();
    let configuration =
        format!("{{\n admin off\n auto_https off\n default_bind {host}\n}}\n{site}");
    let file = scratch.path().join("Caddyfile");
    std::fs::write(&file, configuration).unwrap();
    let file = file.to_str().unwrap();
    let _proxy = start(
        "caddy",
        &["run", "--config", file, "--adapter", "caddyfile"],
        &scratch,
    );
    works(&proxy, &scratch);
}

#[test]
fn the_unit_is_one() {
    let scratch = Scratch::with_patience(PATIENCE);
    // The program where the unit looks for it is another machine's matter.
    let unit =
        block("`/etc/systemd/system/plasmite.service`:").replace("/usr/local/bin/pls", "/bin/true");
    let file = scratch.path().join("plasmite.service");
    std::fs::write(&file, &unit).unwrap();
    for wanted in [
        "[Unit]",
        "[Service]",
        "[Install]",
        "ExecStart=",
        "--token-file",
    ] {
        assert!(unit.contains(wanted), "{wanted} is missing:\n{unit}");
    }
    let verified = match Command::new("systemd-analyze")
        .arg("verify")
        .arg(&file)
        .output()
    {
        Ok(verified) => verified,
        Err(error) => {
            common::left_out(&format!(
                "systemd-analyze: {error} (apt-get install systemd)"
            ));
            return;
        }
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    let of_ours: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("plasmite.service"))
        .collect();
    assert!(of_ours.is_empty(), "{said}");
}
