//! A pool file that is damaged again and again, and what must be true of it then.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use plasmite_core::store::{
    AppendOptions, Client, Next, OpenOptions, Pool, PoolOptions, Start, TailOptions, Wait,
};
use plasmite_core::{Error, ErrorKind};

/// A pool file that is damaged again and again, and what was written to it.
pub(crate) struct Victim {
    pub(crate) client: Client,
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    pub(crate) good: Vec<u8>,
    /// Envelopes by seq; the first is no message.
    pub(crate) envelopes: Vec<Vec<u8>>,
    pub(crate) oldest: u64,
    pub(crate) ring: usize,
    pub(crate) _dir: tempfile::TempDir,
}

pub(crate) fn envelope(pool: &Pool, seq: u64) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    pool.get_envelope(seq, &mut out).map(|()| out)
}

impl Victim {
    pub(crate) fn new(options: PoolOptions, count: u64) -> Victim {
        let (dir, client) = super::scratch_in_memory();
        let pool = client.create("p", &options).unwrap();
        let mut envelopes = vec![Vec::new()];
        for n in 1..=count {
            let tags: &[&[u8]] = if n % 3 == 0 { &[b"three"] } else { &[] };
            let text = match n % 4 {
                0 => format!("{n}"),
                1 => format!("\"text {n}\""),
                2 => format!("{{\"n\":{n}}}"),
                _ => format!("[{n},null]"),
            };
            let options = AppendOptions {
                tags,
                ..AppendOptions::default()
            };
            let seq = pool.append_json(text.as_bytes(), &options).unwrap().seq;
            assert_eq!(seq, n);
            envelopes.push(envelope(&pool, n).unwrap());
        }
        let oldest = pool.bounds().unwrap().oldest;
        let (path, ring) = (
            pool.path().to_path_buf(),
            pool.info().unwrap().ring_offset as usize,
        );
        drop(pool);
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let good = std::fs::read(&path).unwrap();
        Victim {
            client,
            path,
            file,
            good,
            envelopes,
            oldest,
            ring,
            _dir: dir,
        }
    }

    pub(crate) fn newest(&self) -> u64 {
        self.envelopes.len() as u64 - 1
    }

    pub(crate) fn restore(&self) {
        self.file.set_len(self.good.len() as u64).unwrap();
        self.file.write_all_at(&self.good, 0).unwrap();
    }

    pub(crate) fn open(&self, read_only: bool) -> Result<Pool, Error> {
        let result = self.client.open("p", &OpenOptions { read_only });
        if let Err(error) = &result {
            assert_eq!(error.path(), Some(self.path.as_path()), "{error:?}");
            assert!(!error.message().is_empty());
        }
        result
    }

    /// Reads everything in every way: seqs delivered by a stream, and the Corrupt errors it gave.
    pub(crate) fn read(
        &self,
        what: &str,
        pool: &Pool,
        new: Option<&(u64, Vec<u8>)>,
    ) -> (Vec<u64>, usize) {
        let is_written = |seq: u64, found: &[u8]| {
            let written = match new {
                Some((new, envelope)) if *new == seq => envelope,
                _ => &self.envelopes[seq as usize],
            };
            assert_eq!(
                found,
                written,
                "altered: {}",
                String::from_utf8_lossy(found)
            );
        };
        let mut delivered = Vec::new();
        let mut corrupt = 0;
        for (first, options) in [
            TailOptions::default(),
            TailOptions {
                start: Start::Last(4),
                ..TailOptions::default()
            },
            TailOptions {
                start: Start::Time(1),
                ..TailOptions::default()
            },
            TailOptions {
                start: Start::Last(3),
                tags: &[b"three"],
                ..TailOptions::default()
            },
            TailOptions {
                backwards: true,
                start: Start::Now,
                ..TailOptions::default()
            },
            TailOptions {
                in_place: true,
                snapshot: true,
                ..TailOptions::default()
            },
        ]
        .into_iter()
        .enumerate()
        .map(|(index, options)| (index == 0, options))
        {
            let Ok(stream) = pool.tail(&options) else {
                continue;
            };
            let (mut seqs, mut errors, mut out) = (Vec::new(), 0, Vec::new());
            loop {
                out.clear();
                match stream.next_envelope(Wait::Try, &mut out) {
                    Ok(Next::Message(seq)) => {
                        is_written(seq, &out);
                        seqs.push(seq);
                    }
                    Ok(Next::Timeout | Next::End) => break,
                    Ok(other) => panic!("{other:?}"),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error:?}");
                        errors += 1;
                        assert!(errors < 30, "no end of errors");
                    }
                }
            }
            let ordered = |pair: &[u64]| {
                if options.backwards {
                    pair[0] > pair[1]
                } else {
                    pair[0] < pair[1]
                }
            };
            assert!(seqs.windows(2).all(ordered), "{options:?}: {seqs:?}");
            if first {
                (delivered, corrupt) = (seqs, errors);
            }
        }
        for seq in 0..=self.newest() + 2 {
            match envelope(pool, seq) {
                Ok(found) => is_written(seq, &found),
                Err(error) => {
                    let known = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Corrupt);
                    assert!(known && error.seq() == Some(seq), "{error:?}");
                    let lost = new.is_none() && delivered.contains(&seq);
                    assert!(
                        !lost,
                        "{what}: seq {seq} is in the stream, and not by seq: {error:?}"
                    );
                }
            }
        }
        let bounds = pool.bounds().unwrap();
        let ends = (
            delivered.first().copied().unwrap_or(0),
            delivered.last().copied().unwrap_or(0),
        );
        assert_eq!((bounds.oldest, bounds.newest), ends);
        let _ = (pool.info().unwrap(), pool.layout(1000));
        (delivered, corrupt)
    }

    /// Opens the damaged file for reading, then for writing, and appends.
    pub(crate) fn examine(&self, what: &str, at: usize) {
        let in_ring = at >= self.ring;
        let allowed = |error: &Error, read_only: bool| {
            let kind = error.kind();
            let fits = match at {
                4..=7 => kind == ErrorKind::Usage,
                0..=4095 => kind == ErrorKind::Corrupt,
                _ => read_only && kind == ErrorKind::Corrupt,
            };
            assert!(fits, "{what}: {error:?}");
        };
        match self.open(true) {
            Ok(pool) => {
                assert!(at >= 4096, "{what}: a damaged superblock was believed");
                let (seqs, corrupt) = self.read(what, &pool, None);
                if in_ring {
                    let all = self.newest() - self.oldest + 1;
                    assert!(seqs.len() as u64 + 1 >= all, "{what}: only {seqs:?}");
                    assert!(corrupt <= 1, "{what}: reported {corrupt} times");
                    assert!(
                        corrupt == 1 || seqs.len() as u64 == all,
                        "{what}: lost without a word"
                    );
                }
            }
            Err(error) => allowed(&error, true),
        }
        match self.open(false) {
            Ok(pool) => {
                let (before, _) = self.read(what, &pool, None);
                let text = "{\"new\":true}";
                let receipt = pool.append_json(text.as_bytes(), &AppendOptions::default());
                let receipt = receipt.unwrap_or_else(|error| panic!("{what}: {error:?}"));
                let seq = receipt.seq;
                let hour = 3_600_000_000_000;
                assert!(
                    receipt.time_ns < plasmite_core::sys::clock::wall_ns() + hour,
                    "{what}"
                );
                pool.flush().unwrap();
                let head = pool.layout(0).unwrap().head;
                assert_eq!(synced(&self.path), head, "{what}: flushed to where?");
                assert!(
                    before.iter().all(|old| *old < seq),
                    "{what}: {seq} was given twice"
                );
                let found = envelope(&pool, seq).unwrap();
                assert!(found.ends_with(format!("\"data\":{text}}}").as_bytes()));
                let (after, _) = self.read(what, &pool, Some(&(seq, found)));
                assert_eq!(after.last(), Some(&seq), "{what}");
            }
            Err(error) => allowed(&error, false),
        }
    }
}

/// The position up to which the pool says that everything is on the disk, from its file.
pub(crate) fn synced(path: &std::path::Path) -> u64 {
    let mut word = [0; 8];
    let at = 4096 + std::mem::offset_of!(plasmite_core::format::control::Control, recovery);
    File::open(path)
        .unwrap()
        .read_exact_at(&mut word, at as u64)
        .unwrap();
    u64::from_le_bytes(word)
}
