//! One pool, reached as a file and through a server.

use super::server::Server;
use super::Scratch;
use plasmite::{Client, Error, ErrorKind, Next, Pool, PoolOptions, Stream, Wait};
use std::time::Duration;

pub(crate) const LONG: Wait = Wait::For(Duration::from_secs(30));

/// A pool of a server and the same one as a file.
pub(crate) struct Both {
    pub(crate) scratch: Scratch,
    pub(crate) server: Server,
    pub(crate) there: Client,
    pub(crate) here: Client,
}

pub(crate) fn both(options: &[&str]) -> Both {
    both_at("127.0.0.1", options)
}

/// With the server at an address of this machine that no other test uses, so that its port stays free when it ends.
pub(crate) fn both_at(host: &str, options: &[&str]) -> Both {
    let scratch = Scratch::new();
    let bind = format!("{host}:0");
    let mut all = vec!["--bind", &bind];
    all.extend(options);
    let server = Server::start_bound(&scratch, &all);
    let there = Client::new(format!("http://{}", server.address)).unwrap();
    let here = Client::new(scratch.pools()).unwrap();
    Both {
        scratch,
        server,
        there,
        here,
    }
}

impl Both {
    #[track_caller]
    pub(crate) fn pool(&self, name: &str, size: u64) -> (Pool, Pool) {
        let options = PoolOptions::new().size(size);
        let there = self.there.create(name, &options).unwrap();
        (there, self.here.open_pool(name).unwrap())
    }

    pub(crate) fn url(&self, pool: &str) -> String {
        format!("http://{}/{pool}", self.server.address)
    }
}

pub(crate) fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    result.err().expect("an error").kind()
}

/// Takes what there is until the end.
pub(crate) fn all(stream: &mut Stream) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        match stream.next_json(LONG).unwrap() {
            Next::Message(json) => found.push(String::from_utf8(json.to_vec()).unwrap()),
            Next::Gap(gap) => found.push(format!("gap {}-{}", gap.first, gap.last)),
            Next::End => return found,
            other => panic!("{other:?} after {found:?}"),
        }
    }
}
