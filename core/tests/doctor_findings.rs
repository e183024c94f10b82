//! Every kind of damage is made, and the doctor calls each by its name, with its place and what to do. The names are
//! those of docs/reliability.md, all of them.
#![allow(unsafe_code)]

mod common;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use common::{put, scratch, sized, watchdog};
use plasmite_core::doctor::{write_json, Report, Status};
use plasmite_core::format::control::{Control, Recovery};
use plasmite_core::format::frame::{body_crc, Header, HEADER, HEADER_WORDS};
use plasmite_core::format::superblock::Superblock;
use plasmite_core::store::{AppendOptions, Client, FramePlace};

const CONTROL: u64 = 4096;

thread_local! {
    /// Where reads of this thread fail, if anywhere: the disk has a bad sector.
    static BAD: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// pread of this test program.
#[no_mangle]
extern "C" fn pread64(fd: i32, bytes: *mut libc::c_void, len: usize, offset: i64) -> isize {
    let (from, to) = BAD.with(Cell::get);
    if (offset as u64) < to && offset as u64 + len as u64 > from {
        // SAFETY: the thread's own place for it.
        unsafe { *libc::__errno_location() = libc::EIO };
        return -1;
    }
    // SAFETY: the caller's arguments, passed on.
    unsafe { libc::syscall(libc::SYS_pread64, fd, bytes, len, offset) as isize }
}

/// A pool that has gone round its ring, and its file.
struct Patient {
    dir: tempfile::TempDir,
    client: Client,
    path: PathBuf,
    file: File,
    frames: Vec<FramePlace>,
    superblock: Superblock,
}

impl Patient {
    fn new() -> Patient {
        let (dir, client) = scratch();
        let pool = client.create("p", &sized(12_288)).unwrap();
        for n in 0..60u64 {
            let options = AppendOptions {
                tags: &[b"tag"],
                ..AppendOptions::default()
            };
            let text = format!("{{\"n\":{n},\"text\":\"{}\"}}", "x".repeat(100));
            pool.append_json(text.as_bytes(), &options).unwrap();
        }
        pool.flush().unwrap();
        let frames = pool.layout(1000).unwrap().frames;
        let path = pool.path().to_path_buf();
        drop(pool);
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let mut page = [0; 4096];
        file.read_exact_at(&mut page, 0).unwrap();
        let superblock = Superblock::parse(&page, 12_288).unwrap();
        Patient {
            dir,
            client,
            path,
            file,
            frames,
            superblock,
        }
    }

    fn put(&self, offset: u64, bytes: &[u8]) {
        self.file.write_all_at(bytes, offset).unwrap();
    }

    /// Changes the superblock and makes its checksum right again.
    fn superblock(&self, at: u64, bytes: &[u8]) {
        self.put(at, bytes);
        let mut page = [0; 4092];
        self.file.read_exact_at(&mut page, 0).unwrap();
        self.put(4092, &body_crc(&page).to_le_bytes());
    }

    /// The message in the middle, which is neither the oldest nor the newest.
    fn middle(&self) -> FramePlace {
        self.frames[self.frames.len() / 2]
    }

    /// Changes the message in the middle as a writer could have made it: its checksum is right.
    fn forge(&self, change: impl FnOnce(&mut Header, &mut [u8])) {
        let place = self.middle();
        let mut bytes = vec![0; place.len as usize];
        self.file.read_exact_at(&mut bytes, place.offset).unwrap();
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let mut header = Header::parse(std::array::from_fn::<_, HEADER_WORDS, _>(|n| word(n * 8)));
        let header = header.as_mut().unwrap();
        let body = &mut bytes[HEADER as usize..][..header.body_len() as usize];
        change(header, body);
        let crc = body_crc(body);
        let body = body.to_vec();
        let geometry = &self.superblock.geometry;
        let laps = u64::from(header.lap) * geometry.ring_size;
        let position = laps + place.offset - geometry.ring_offset;
        header.crc = header.checksum(crc, position, self.superblock.seed());
        for (n, word) in header.words().iter().enumerate() {
            self.put(place.offset + n as u64 * 8, &word.to_le_bytes());
        }
        self.put(place.offset + HEADER, &body);
    }

    fn examine(&self, reference: Option<&str>) -> Report {
        let mut doctor = self.client.doctor(reference).unwrap();
        while doctor.step(10_000).unwrap() {}
        doctor.reports().last().unwrap().clone()
    }
}

/// Where a message must be said to be, or nothing of the kind.
enum Place {
    Middle,
    At(u64),
    None,
}

struct Case {
    name: &'static str,
    place: Place,
    damage: fn(&Patient),
    /// What the advice must say.
    advice: &'static str,
}

impl Case {
    fn advises(self, advice: &'static str) -> Case {
        Case { advice, ..self }
    }
}

fn case(name: &'static str, place: Place, damage: fn(&Patient)) -> Case {
    Case {
        name,
        place,
        damage,
        advice: "",
    }
}

fn word_in_recovery(offset: usize) -> u64 {
    CONTROL + (std::mem::offset_of!(Control, recovery) + offset) as u64
}

fn damages() -> Vec<Case> {
    vec![
        case("not_a_pool", Place::At(0), |it| it.put(0, b"GIF8")),
        case("format", Place::At(4), |it| it.put(4, &[3])).advises("`pool migrate`"),
        case("format", Place::At(4), |it| it.put(4, &[2])).advises("the build that wrote it"),
        case("format", Place::At(4), |it| it.put(4, &[9])).advises("use a newer build"),
        case("features", Place::None, |it| it.superblock(64, &[9])).advises("use a newer build"),
        case("features", Place::None, |it| it.superblock(71, &[0x80])).advises("use a newer build"),
        case("superblock", Place::None, |it| it.put(100, &[1])),
        case("superblock", Place::None, |it| it.superblock(56, &[1])),
        case("length", Place::None, |it| it.file.set_len(10_000).unwrap()),
        case("length", Place::None, |it| it.file.set_len(20_000).unwrap()),
        // The control page is lost, stale, or impossible.
        case("control", Place::At(CONTROL), |it| {
            it.put(CONTROL, &[0; 4096][..128])
        }),
        case("control", Place::At(CONTROL), |it| {
            it.put(CONTROL + 8, &9u64.to_le_bytes())
        }),
        case("control", Place::At(CONTROL), |it| {
            it.put(CONTROL + 64, &[0xff; 8])
        }),
        case("frame", Place::Middle, |it| {
            it.put(it.middle().offset, &[0; 8])
        }),
        case("frame", Place::Middle, |it| {
            it.put(it.middle().offset + 8, &[0xff])
        }),
        case("frame", Place::Middle, |it| {
            it.put(it.middle().offset + 60, &[0xff; 4])
        }),
        case("frame", Place::Middle, |it| {
            let place = it.middle();
            it.put(place.offset + place.len - 4, &[0xff; 4]);
        }),
        case("filling", Place::None, |it| {
            let wraps = it
                .frames
                .windows(2)
                .find(|pair| pair[1].offset < pair[0].offset);
            let last = wraps.expect("a pool that has gone round")[0];
            it.put(last.offset + last.len + 4, &[0x55; 4]);
        }),
        case("read", Place::None, |it| {
            BAD.with(|bad| bad.set((it.middle().offset, it.middle().offset + 1)));
        }),
        case("seq_order", Place::Middle, |it| {
            it.forge(|header, _| header.seq -= 1)
        }),
        case("time_order", Place::Middle, |it| {
            it.forge(|header, _| header.time_ns = 1)
        }),
        case("encoding", Place::Middle, |it| {
            it.forge(|header, _| header.flags |= 3)
        }),
        case("signature", Place::Middle, |it| {
            it.forge(|header, _| header.signature = 0)
        }),
        case("tags", Place::Middle, |it| {
            it.forge(|header, body| body[header.payload_len as usize] = 200)
        }),
        // No Lite3, no JSON, no message document.
        case("payload", Place::Middle, |it| {
            it.forge(|_, body| body[..4].fill(0xff))
        }),
        case("payload", Place::Middle, |it| {
            it.forge(|header, _| header.flags = 1)
        }),
        case("payload", Place::Middle, |it| {
            it.forge(|header, _| header.flags = 2)
        }),
    ]
}

#[test]
fn each_kind_of_damage_by_its_name() {
    let _watchdog = watchdog();
    let mut names = BTreeSet::new();
    for case in damages() {
        let patient = Patient::new();
        assert_eq!(patient.examine(Some("p")).status, Status::Ok);
        (case.damage)(&patient);
        let report = patient.examine(Some("p"));
        BAD.with(|bad| bad.set((0, 0)));
        let what = format!("{}: {report:?}", case.name);
        assert_eq!(report.status, Status::Corrupt, "{what}");
        let issue = &report.issues[0];
        assert_eq!(
            (issue.finding.name(), report.issue_count),
            (case.name, 1),
            "{what}"
        );
        match case.place {
            Place::Middle => {
                assert_eq!(issue.offset, Some(patient.middle().offset), "{what}");
                assert!(issue.seq.is_some(), "{what}");
            }
            Place::At(offset) => assert_eq!(issue.offset, Some(offset), "{what}"),
            Place::None => assert!(issue.offset.is_some(), "{what}"),
        }
        assert!(
            issue.message.len() > 10 && issue.advice.len() > 10,
            "{what}"
        );
        assert!(report.hints.contains(&issue.advice), "{what}");
        assert!(issue.advice.contains(case.advice), "{what}");
        // A conversion of what is no pool of that format would fail.
        let migrates = issue.advice.contains("migrate");
        assert_eq!(migrates, case.advice.contains("migrate"), "{what}");
        names.insert(case.name);
    }
    names.extend(of_the_last_message());
    names.extend(of_what_cannot_be_read());
    names.insert("flushed"); // copies_that_are_not_whole
    let listed = listed("## What the doctor names");
    assert_eq!(
        names.iter().collect::<Vec<_>>(),
        listed.iter().collect::<Vec<_>>()
    );
}

/// A batch that says that more of it follows, at the end of the pool.
fn of_the_last_message() -> Option<&'static str> {
    let patient = Patient::new();
    let pool = patient.client.open("p", &Default::default()).unwrap();
    let newest = patient.frames.len() - 1;
    drop(pool);
    let mut last = patient;
    // As the middle one, which can be forged.
    let place = last.frames[newest];
    last.frames = vec![place; 3];
    last.forge(|header, _| header.flags |= 0x80);
    let report = last.examine(Some("p"));
    let issue = &report.issues[0];
    assert!(issue.seq.is_some(), "{report:?}");
    Some(issue.finding.name())
}

/// What is no plain file among the pools of a directory.
fn of_what_cannot_be_read() -> Option<&'static str> {
    let patient = Patient::new();
    std::fs::create_dir(patient.dir.path().join("q.plasmite")).unwrap();
    let report = patient.examine(None);
    assert_eq!(report.status, Status::Unreadable);
    Some(report.issues[0].finding.name())
}

/// A finding's name, words of what it advises, and what makes the damage.
type Damage = (&'static str, &'static str, fn(&Patient));

#[test]
fn each_warning_by_its_name() {
    let _watchdog = watchdog();
    let cases: Vec<Damage> = vec![
        ("index", "until newer messages take their slots", |it| {
            let len = it.superblock.geometry.ring_offset - 8192;
            it.put(8192, &vec![0xff; len as usize]);
        }),
        // A time of the newest message that no message has.
        ("writer_words", "the next writer puts them right", |it| {
            it.put(CONTROL + 32, &[0xff; 8])
        }),
        ("sync_failed", "check the disk, and flush", |it| {
            let at = word_in_recovery(std::mem::offset_of!(Recovery, sync_failed));
            it.put(at, &1u64.to_le_bytes());
        }),
        ("exposed", "chmod o-w", |it| {
            let mode = PermissionsExt::from_mode(0o777);
            std::fs::set_permissions(it.dir.path(), mode).unwrap();
        }),
        ("lost", "no messages 61 to 65 before byte", |it| {
            // As after a power cut that took messages whose seqs are not given again.
            let at = CONTROL + 24;
            let mut word = [0; 8];
            it.file.read_exact_at(&mut word, at).unwrap();
            it.put(at, &(u64::from_le_bytes(word) + 5).to_le_bytes());
            put(&it.client.open("p", &Default::default()).unwrap(), "1");
        }),
        (
            "left_out",
            "a salvage (doctor --salvage) copies them",
            |it| {
                // A message in the middle is damaged, and the machine starts again.
                it.put(it.frames[7].offset, &[0; 16]);
                it.put(
                    word_in_recovery(std::mem::offset_of!(Recovery, boot)),
                    &[7; 8],
                );
                drop(it.client.open("p", &Default::default()).unwrap());
            },
        ),
    ];
    let mut names = BTreeSet::from(["search"]); // doctor_messages.rs: bytes_made_up_to_take_for_ever
    for (name, advice, damage) in cases {
        let patient = Patient::new();
        damage(&patient);
        let report = patient.examine(Some("p"));
        let found: Vec<&str> = report.warnings.iter().map(|warning| warning.name).collect();
        assert_eq!(
            (found, report.status),
            (vec![name], Status::Ok),
            "{report:?}"
        );
        let text = &report.warnings[0].message;
        assert!(text.contains(advice), "{text}");
        assert!(report.hints.contains(&format!("warning: {text}")));
        let mut json = Vec::new();
        write_json([&report], &mut json);
        let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let shown = &value["reports"][0]["warnings"][0];
        assert_eq!(
            (&shown["finding"], &shown["message"]),
            (&name.into(), &text.as_str().into())
        );
        names.insert(name);
    }
    let listed = listed("## What the doctor warns about");
    assert_eq!(
        names.iter().collect::<Vec<_>>(),
        listed.iter().collect::<Vec<_>>()
    );
}

/// A copy, a restored file and a reboot are no damage: the messages say what is there.
#[test]
fn a_foreign_identity_is_no_damage() {
    let patient = Patient::new();
    std::fs::copy(&patient.path, patient.dir.path().join("copy.plasmite")).unwrap();
    let report = patient.examine(Some("copy"));
    assert_eq!(
        (report.status, report.hints.len()),
        (Status::Ok, 0),
        "{report:?}"
    );
}

/// Copies that lack what their control page tells of.
#[test]
fn copies_that_are_not_whole() {
    let _watchdog = watchdog();
    let newest = |it: &Patient| it.frames.last().unwrap().seq;
    type Made = (fn(&Patient, &File), u64, &'static str, Option<&'static str>);
    let cases: [Made; 3] = [
        // Nothing is left.
        (
            |it, copy| {
                let len = 12_288 - it.superblock.geometry.ring_offset;
                let zeros = vec![0; len as usize];
                copy.write_all_at(&zeros, it.superblock.geometry.ring_offset)
                    .unwrap();
            },
            0,
            "none of them is there",
            None,
        ),
        // The newest message is damaged.
        (
            |it, copy| {
                let place = it.frames.last().unwrap().offset + 44;
                copy.write_all_at(b"damage", place).unwrap();
            },
            1,
            "were flushed to the disk and are not there",
            Some("behind the newest one"),
        ),
        // The oldest one.
        (
            |it, copy| {
                copy.write_all_at(b"damage", it.frames[0].offset + 44)
                    .unwrap();
            },
            0,
            "",
            Some("are damaged or not there"),
        ),
    ];
    for (damage, missing, issue, warning) in cases {
        let patient = Patient::new();
        let path = patient.dir.path().join("copy.plasmite");
        std::fs::copy(&patient.path, &path).unwrap();
        let copy = File::options().write(true).open(&path).unwrap();
        damage(&patient, &copy);
        let report = patient.examine(Some("copy"));
        let found: Vec<_> = report
            .issues
            .iter()
            .map(|issue| issue.finding.name())
            .collect();
        let expected: &[&str] = if issue.is_empty() { &[] } else { &["flushed"] };
        assert_eq!(found, expected, "{report:?}");
        if !issue.is_empty() {
            assert_eq!(report.status, Status::Corrupt);
            assert!(report.issues[0].message.contains(issue), "{report:?}");
            assert!(report.issues[0].advice.contains("--salvage"), "{report:?}");
        }
        if missing > 0 {
            assert_eq!(report.issues[0].seq, Some(newest(&patient)));
        }
        if let Some(warning) = warning {
            let is_told = report
                .warnings
                .iter()
                .any(|it| it.message.contains(warning));
            assert!(is_told, "{report:?}");
        }
    }
}

/// The names in the first column of the table behind a headline of the page.
fn listed(headline: &str) -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reliability.md");
    let text = std::fs::read_to_string(page).unwrap();
    let (_, section) = text.split_once(headline).expect("the table");
    let section = section.split("\n## ").next().unwrap();
    let cell = |line: &str| Some(line.strip_prefix("| `")?.split('`').next()?.to_string());
    section.lines().filter_map(cell).collect()
}
