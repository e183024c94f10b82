//! Pools of a server by their address. A server is started where the programs are beside the library (PLASMITE_LIB_DIR);
//! the tests of the commands have many more.

mod common;

use common::Scratch;
use plasmite_sdk::{
    has_feature, AppendOptions, Client, ClientOptions, ErrorKind, GapPolicy, Next, PoolOptions,
    Result, Start, TailOptions, Wait,
};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LONG: Wait = Wait::For(Duration::from_secs(30));

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("an error").kind()
}

/// A running server; killed when it goes out of scope.
struct Server {
    child: Child,
    url: String,
    pools: PathBuf,
}

impl Server {
    fn start(scratch: &Scratch, options: &[&str]) -> Option<Server> {
        let Some(directory) = std::env::var_os("PLASMITE_LIB_DIR") else {
            eprintln!(
                "skipped: a server needs PLASMITE_LIB_DIR, the directory of the program plasmite"
            );
            return None;
        };
        let (ready, pools) = (
            scratch.dir.path().join("ready"),
            scratch.dir.path().join("served"),
        );
        let mut child = Command::new(PathBuf::from(directory).join("plasmite"))
            .arg("--dir")
            .arg(&pools)
            .args(["serve", "--bind", "127.0.0.1:0"])
            .args(options)
            .env("HOME", scratch.dir.path())
            .env("PLASMITE_SERVE_READY_FILE", &ready)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program plasmite");
        let address = loop {
            if let Ok(address) = std::fs::read_to_string(&ready) {
                break address;
            }
            assert!(
                child.try_wait().expect("known").is_none(),
                "the server ended"
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        let url = format!("http://{address}");
        Some(Server { child, url, pools })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn pools_messages_and_streams() -> Result<()> {
    let scratch = Scratch::new();
    let Some(server) = Server::start(&scratch, &[]) else {
        return Ok(());
    };
    let there = Client::new(&server.url)?;
    let pool = there.create("lab", &PoolOptions::new().size(65536))?;
    let near = Client::new(&server.pools)?.open_pool("lab")?;
    assert_eq!((pool.name(), pool.id()?), ("lab", near.id()?));
    assert_eq!(pool.path().to_str(), Some(&*format!("{}/lab", server.url)));
    assert_eq!(
        kind(there.create("lab", &PoolOptions::new())),
        ErrorKind::AlreadyExists
    );
    assert_eq!(kind(there.open_pool("none")), ErrorKind::NotFound);
    assert_eq!(there.list()?.len(), 1);

    // An address works where a name does.
    let url = format!("{}/lab", server.url);
    let same = scratch.client.open_pool(&url)?;
    let receipt = same.append(b"{\"n\":1}", &AppendOptions::new().tag("a"))?;
    assert_eq!(*pool.get_json(receipt.seq)?, *near.get_json(receipt.seq)?);
    assert_eq!(pool.bounds()?, near.bounds()?);
    for bad in ["ftp://h/p", "http://h", "http://u@h/p", "http://h/a/b"] {
        assert_eq!(
            kind(scratch.client.open_pool(bad)),
            ErrorKind::Usage,
            "{bad}"
        );
    }
    assert_eq!(kind(scratch.client.resolve(&url)), ErrorKind::Usage);
    assert_eq!(kind(scratch.client.doctor(&url)), ErrorKind::Usage);
    assert_eq!(kind(pool.view(1)), ErrorKind::Usage);
    assert_eq!(
        kind(pool.reserve(8, &AppendOptions::new())),
        ErrorKind::Usage
    );

    let large = format!("\"{}\"", "x".repeat(100_000));
    let error = pool
        .append(large.as_bytes(), &AppendOptions::new())
        .expect_err("too large");
    assert!(error.is_too_large() && error.kind() == ErrorKind::Usage);
    assert_eq!(pool.get_json(99).expect_err("missing").seq(), Some(99));

    let mut stream = pool.tail(&TailOptions::new().start(Start::Now).tag("b"))?;
    assert!(matches!(stream.next_json(Wait::Try)?, Next::TimedOut));
    near.append(b"2", &AppendOptions::new())?;
    near.append(b"3", &AppendOptions::new().tag("b"))?;
    assert!(matches!(stream.next(LONG)?, Next::Message(view) if view.seq() == 3));
    let canceller = stream.canceller();
    let other = std::thread::spawn(move || canceller.cancel());
    assert!(matches!(stream.next_json(LONG)?, Next::Cancelled));
    other.join().expect("it ends");

    let filler = format!("\"{}\"", "x".repeat(4000));
    while near.bounds()?.oldest <= 3 {
        near.append(filler.as_bytes(), &AppendOptions::new())?;
    }
    let strict = TailOptions::new()
        .start(Start::Seq(1))
        .gap(GapPolicy::Error);
    let error = pool.tail(&strict)?.next_json(LONG).expect_err("a gap");
    assert_eq!(
        (error.kind(), error.seq()),
        (ErrorKind::RetentionGap, Some(1))
    );

    there.delete("lab")?;
    assert_eq!(
        kind(pool.append(b"1", &AppendOptions::new())),
        ErrorKind::NotFound
    );
    assert!(!near.is_current()?);
    Ok(())
}

#[test]
fn tokens() -> Result<()> {
    let scratch = Scratch::new();
    let file = scratch.dir.path().join("token");
    std::fs::write(&file, "s3cret\n").expect("written");
    let only_mine = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, only_mine).expect("set");
    let Some(server) = Server::start(&scratch, &["--token-file", file.to_str().expect("UTF-8")])
    else {
        return Ok(());
    };
    let options = || ClientOptions::new().pool_dir(&server.url);
    assert_eq!(
        kind(Client::new(&server.url)?.list()),
        ErrorKind::Permission
    );
    assert_eq!(
        kind(Client::with_options(&options()?.token("guess")?)?.list()),
        ErrorKind::Permission
    );
    for right in [options()?.token("s3cret")?, options()?.token_file(&file)?] {
        assert!(!format!("{right:?}").contains("s3cret"));
        Client::with_options(&right)?.ensure("p", &PoolOptions::new())?;
    }
    Ok(())
}

#[test]
fn options_and_servers_that_are_not_there() -> Result<()> {
    let scratch = Scratch::new();
    let none = scratch.dir.path().join("none");
    let with = |options: ClientOptions| Client::with_options(&options);
    assert_eq!(
        kind(with(ClientOptions::new().token_file(&none)?)),
        ErrorKind::NotFound
    );
    assert_eq!(
        kind(with(ClientOptions::new().tls_ca_file(&none)?)),
        ErrorKind::NotFound
    );
    let both = ClientOptions::new().token("a")?.token_file(&none)?;
    assert_eq!(kind(with(both)), ErrorKind::Usage);
    // Nothing is asked before there is something to ask.
    let client = Client::new("http://127.0.0.1:1")?;
    let error = client.open_pool("p").expect_err("nobody is there");
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.hint().is_some() && !error.maybe_written());
    assert!(has_feature("remote"));
    Ok(())
}
