//! Damaged and cut pool files: whatever is delivered was written, the rest is a clear error, and a
//! writer gets the pool going again.

mod common;

use std::os::unix::fs::FileExt;

use common::{envelope, watchdog, Victim};
use plasmite_core::format::control;
use plasmite_core::store::{AppendOptions, PoolOptions};
use plasmite_core::ErrorKind;

/// Every byte flipped, in turn.
fn flip_all(victim: &Victim) {
    let masks: &[u8] = if common::env("PLASMITE_SOAK").is_some() {
        &[0x01, 0x80, 0xff]
    } else {
        &[0x01]
    };
    for at in 0..victim.good.len() {
        // Of the superblock, which a checksum covers wholly, every byte but in the soak a few.
        if masks.len() == 1 && (512..4000).contains(&at) && at % 16 != 0 {
            continue;
        }
        for mask in masks {
            let mask = if masks.len() == 1 {
                [0x01, 0x80, 0xff, 0x10][at % 4]
            } else {
                *mask
            };
            victim
                .file
                .write_all_at(&[victim.good[at] ^ mask], at as u64)
                .unwrap();
            victim.examine(&format!("byte {at} ^ {mask:#x}"), at);
            victim.restore();
        }
    }
}

fn with_index() -> PoolOptions {
    PoolOptions {
        size: 10_600,
        index_capacity: Some(6),
        ..PoolOptions::default()
    }
}

#[test]
fn each_byte_of_a_small_pool() {
    let _watchdog = watchdog();
    flip_all(&Victim::new(with_index(), 18));
}

#[test]
fn each_byte_of_a_wrapped_pool() {
    let _watchdog = watchdog();
    let victim = Victim::new(common::sized(9216), 50);
    assert!(victim.oldest > 1);
    flip_all(&victim);
}

#[test]
fn each_length() {
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 18);
    let len = victim.good.len() as u64;
    for cut in (0..len).chain([len + 1, len + 4096]) {
        victim.file.set_len(cut).unwrap();
        for read_only in [true, false] {
            let error = victim.open(read_only).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{cut} bytes: {error:?}");
        }
        victim.file.set_len(len).unwrap();
        victim
            .file
            .write_all_at(&victim.good[cut.min(len) as usize..], cut.min(len))
            .unwrap();
    }
    assert_eq!(
        victim
            .read("restored", &victim.open(true).unwrap(), None)
            .0
            .len(),
        18
    );
}

/// No flipped bit deletes a pool, nor does damage to the flag keep one from being deleted.
#[test]
fn each_bit_of_the_deleted_flag() {
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 18);
    let at = 4096 + std::mem::offset_of!(control::Hot, state) as u64;
    let set = |state: u32| {
        victim.file.write_all_at(&state.to_le_bytes(), at).unwrap();
    };
    for state in (0..32).map(|bit| 1 << bit).chain([u32::MAX]) {
        set(state);
        for read_only in [true, false] {
            let pool = victim.open(read_only).unwrap();
            assert!(pool.is_current().unwrap(), "{state:#x}");
        }
        victim.examine(&format!("state {state:#x}"), at as usize);
        victim.restore();
    }
    let pool = victim.open(false).unwrap();
    for bit in 0..32 {
        set(1 << bit);
        pool.append_json(b"1", &AppendOptions::default()).unwrap();
    }
    set(control::STATE_DELETED);
    let refused = pool.append_json(b"1", &AppendOptions::default());
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    let refused = victim.open(true).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    // A damaged flag does not keep a pool from being deleted.
    set(1);
    victim.client.delete("p").unwrap();
    assert!(pool.is_current().is_ok_and(|current| !current));
    assert!(!victim.path.exists());
}

/// Whole stretches, as a bad sector or a stray write leaves them.
#[test]
fn stretches() {
    let _watchdog = watchdog();
    let victim = Victim::new(common::sized(9216), 50);
    let mut random = common::Random(7);
    for round in 0..common::env("PLASMITE_SOAK").map_or(1500, |_| 50_000) {
        let at = 4096 + random.below(victim.good.len() as u64 - 4096) as usize;
        let len = (1 + random.below(64) as usize).min(victim.good.len() - at);
        let from = random.below((victim.good.len() - len) as u64) as usize;
        let bytes: Vec<u8> = match round % 3 {
            0 => vec![0; len],
            1 => (0..len).map(|_| random.next() as u8).collect(),
            // Bytes from elsewhere in the file: frames where no frame belongs.
            _ => victim.good[from..from + len].to_vec(),
        };
        victim.file.write_all_at(&bytes, at as u64).unwrap();
        let what = format!("round {round}: {len} bytes at {at} <- {bytes:x?}");
        for read_only in [true, false] {
            match victim.open(read_only) {
                Ok(pool) => {
                    victim.read(&what, &pool, None);
                    if !read_only {
                        let options = AppendOptions::default();
                        let appended = pool.append_json(b"\"again\"", &options);
                        let seq = appended
                            .unwrap_or_else(|error| panic!("{what}: {error:?}"))
                            .seq;
                        let found = envelope(&pool, seq).unwrap();
                        victim.read(&what, &pool, Some(&(seq, found)));
                    }
                }
                Err(error) => {
                    assert!(
                        read_only && error.kind() == ErrorKind::Corrupt,
                        "{what}: {error:?}"
                    );
                }
            }
        }
        victim.restore();
    }
}

/// A head that goes back, behind what a reader has read: by damage, or because a writer recovered the pool to less. The
/// reader waits as everybody does, and goes on with what comes next.
#[test]
fn a_head_that_goes_back() {
    use plasmite_core::store::{Next, TailOptions, Wait};
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 18);
    let pool = victim.open(true).unwrap();
    let heads: Vec<u64> = pool
        .layout(99)
        .unwrap()
        .frames
        .iter()
        .map(|frame| frame.offset)
        .collect();
    let head = 4096 + std::mem::offset_of!(control::Hot, head) as u64;
    for kept in [17, 9, 1, 0] {
        victim.restore();
        for in_place in [false, true] {
            victim.restore();
            let options = TailOptions {
                in_place,
                ..TailOptions::default()
            };
            let stream = pool.tail(&options).unwrap();
            let mut out = Vec::new();
            for _ in 0..18 {
                assert!(matches!(
                    stream.next_envelope(Wait::Try, &mut out),
                    Ok(Next::Message(_))
                ));
            }
            let back = heads[kept] - victim.ring as u64;
            victim.file.write_all_at(&back.to_le_bytes(), head).unwrap();
            for wait in [
                Wait::Try,
                Wait::For(std::time::Duration::from_millis(3)),
                Wait::Try,
            ] {
                assert_eq!(stream.next_envelope(wait, &mut out).unwrap(), Next::Timeout);
            }
            // All is there again, and comes no second time.
            victim.restore();
            let next = stream.next_envelope(Wait::Try, &mut out).unwrap();
            assert_eq!((next, stream.next_seq()), (Next::Timeout, 19));
            assert_eq!(common::put(&victim.open(false).unwrap(), "{}"), 19);
            let next = stream.next_envelope(Wait::Try, &mut out).unwrap();
            assert_eq!(next, Next::Message(19));
        }
    }
}

/// Behind damage lie messages that an enemy made up, with right checksums and seqs that were delivered before: they do not
/// come, and the next one that belongs there does.
#[test]
fn made_up_messages_behind_damage() {
    use plasmite_core::store::{Next, OpenOptions, Start, TailOptions, Wait};
    let _watchdog = watchdog();
    let forge = common::Forge::new();
    for (seq, as_seq) in [(4, 1), (5, 2)] {
        forge.change(seq, |header, _| header.seq = as_seq);
    }
    let damaged = forge.layout.frames[2].offset + 44;
    forge.file.write_all_at(b"\xff", damaged).unwrap();
    let pool = forge
        .client
        .open("p", &OpenOptions { read_only: true })
        .unwrap();
    let read = |stream: &plasmite_core::store::Stream| {
        let mut seqs = Vec::new();
        let mut corrupt = 0;
        loop {
            match stream.next_envelope(Wait::Try, &mut Vec::new()) {
                Ok(Next::Message(seq)) => seqs.push(seq),
                Ok(Next::Timeout) => return (seqs, corrupt),
                Ok(other) => panic!("{other:?}"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
                    corrupt += 1;
                }
            }
        }
    };
    for in_place in [false, true] {
        let options = TailOptions {
            in_place,
            ..TailOptions::default()
        };
        let stream = pool.tail(&options).unwrap();
        assert_eq!(read(&stream), (vec![1, 2, 6], 1));
        // Whoever goes back reads again from there.
        stream.seek(&Start::Oldest).unwrap();
        assert_eq!(read(&stream), (vec![1, 2, 6], 1));
    }
}

/// Gaps that an enemy makes up, told again after recoveries that it makes up as well, sum up to more than there are numbers.
#[test]
fn more_lost_than_there_are_numbers() {
    use plasmite_core::format::control::Recovery;
    use plasmite_core::store::{Next, OpenOptions, TailOptions, Wait};
    let _watchdog = watchdog();
    let forge = common::Forge::new();
    let pool = forge
        .client
        .open("p", &OpenOptions { read_only: true })
        .unwrap();
    let last = plasmite_core::limits::SEQ_LIMIT - 1;
    forge.change(6, |header, _| header.seq = last);
    let word = |offset: usize, word: u64| {
        let at = 4096 + std::mem::offset_of!(control::Control, recovery) + offset;
        forge
            .file
            .write_all_at(&word.to_le_bytes(), at as u64)
            .unwrap();
    };
    let stream = pool.tail(&TailOptions::default()).unwrap();
    let next = || stream.next_envelope(Wait::Try, &mut Vec::new()).unwrap();
    for seq in [1, 2, 3, 4, 5, last] {
        assert_eq!(next(), Next::Message(seq));
    }
    let lost = last - 6;
    assert_eq!(stream.stats().dropped, lost);
    word(std::mem::offset_of!(Recovery, recovered_next), 6);
    for generation in 0..3 {
        word(std::mem::offset_of!(Recovery, generation), 10 + generation);
        assert_eq!(next(), Next::Message(last));
    }
    assert_eq!(stream.stats().dropped, u64::MAX);
}

/// A head that is no multiple of 8, or far beyond a ring that is nothing but filling: each call comes to an end.
#[test]
fn heads_that_lead_nowhere() {
    use plasmite_core::store::{Next, TailOptions, Wait};
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 18);
    let pool = victim.open(true).unwrap();
    let head_at = 4096 + std::mem::offset_of!(control::Hot, head);
    let head = u64::from_le_bytes(victim.good[head_at..head_at + 8].try_into().unwrap());
    let filling = plasmite_core::format::frame::Size::Padding(pool.info().unwrap().ring_size);
    for (what, head, first_word) in [
        ("4 bytes on", head + 4, None),
        ("far away", 1 << 60, Some(filling.word())),
    ] {
        for in_place in [false, true] {
            let options = TailOptions {
                in_place,
                ..TailOptions::default()
            };
            let stream = pool.tail(&options).unwrap();
            victim
                .file
                .write_all_at(&head.to_le_bytes(), head_at as u64)
                .unwrap();
            if let Some(word) = first_word {
                victim
                    .file
                    .write_all_at(&word.to_le_bytes(), victim.ring as u64)
                    .unwrap();
            }
            let mut messages = 0;
            let mut corrupt = 0;
            for _ in 0..30 {
                match stream.next_envelope(Wait::Try, &mut Vec::new()) {
                    Ok(Next::Message(_)) => messages += 1,
                    Ok(Next::Timeout | Next::End) => break,
                    Ok(other) => panic!("{what}: {other:?}"),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error:?}");
                        corrupt += 1;
                    }
                }
            }
            // Words that no writer left end the stream.
            let expected = if first_word.is_some() { 0 } else { 18 };
            assert_eq!((messages, corrupt), (expected, 1), "{what}");
            victim.restore();
        }
    }
}

/// Backwards from within the first word, where a tail that was damaged for a moment has led.
#[test]
fn backwards_from_within_the_first_word() {
    use plasmite_core::store::{Start, TailOptions, Wait};
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 1);
    let pool = victim.open(true).unwrap();
    let options = TailOptions {
        backwards: true,
        start: Start::Now,
        ..TailOptions::default()
    };
    let tail = 4096 + std::mem::offset_of!(control::Hot, tail) as u64;
    for within in 1..8u64 {
        victim
            .file
            .write_all_at(&within.to_le_bytes(), tail)
            .unwrap();
        let stream = pool.tail(&options).unwrap();
        victim.restore();
        let refused = stream.next_envelope(Wait::Try, &mut Vec::new());
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

/// Control words near 2^64: no step computes beyond it.
#[test]
fn the_last_positions_there_are() {
    use plasmite_core::store::{Start, TailOptions, Wait};
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 3);
    let pool = victim.open(true).unwrap();
    let put = |at: usize, word: u64| {
        victim
            .file
            .write_all_at(&word.to_le_bytes(), 4096 + at as u64)
            .unwrap();
    };
    let (tail, head) = (
        std::mem::offset_of!(control::Hot, tail),
        std::mem::offset_of!(control::Hot, head),
    );
    for below in 0..24 {
        for (backwards, in_place) in [(false, false), (false, true), (true, false)] {
            let options = TailOptions {
                backwards,
                in_place,
                start: if backwards { Start::Now } else { Start::Oldest },
                ..TailOptions::default()
            };
            let early = pool.tail(&options).unwrap();
            put(head, u64::MAX);
            put(tail, u64::MAX - below);
            let late = pool.tail(&options);
            put(tail, u64::MAX - below - 4);
            for stream in [Ok(early), late].into_iter().flatten() {
                for _ in 0..5 {
                    if let Err(error) = stream.next_envelope(Wait::Try, &mut Vec::new()) {
                        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
                    }
                }
            }
            victim.restore();
        }
    }
}

/// A tail between two words: what seems to begin there is no message, and no view ends beyond the ring.
#[test]
fn a_tail_between_two_words() {
    use plasmite_core::format::frame;
    use plasmite_core::message::Encoding;
    use plasmite_core::ring::{memory::Memory, publish::Draft};
    use plasmite_core::store::{Next, Start, TailOptions, View, Wait};
    use std::sync::atomic::Ordering;
    let _watchdog = watchdog();
    let victim = Victim::new(common::sized(9216), 3);
    let raw = plasmite_core::pool::Pool::open(&victim.path, false).unwrap();
    let ring = raw.shared().ring();
    for (within, tags_len) in (1..8).flat_map(|within| [(within, 0), (within, 20)]) {
        for in_place in [false, true] {
            let what = format!("{within} bytes on, {tags_len} of tags, in place: {in_place}");
            victim.restore();
            let pool = victim.open(true).unwrap();
            let options = TailOptions {
                start: Start::Now,
                in_place,
                ..TailOptions::default()
            };
            let stream = pool.tail(&options).unwrap();
            let mut view = View::empty();
            assert_eq!(stream.next(Wait::Try, &mut view).unwrap(), Next::Timeout);
            let body = [b' '; 52];
            let draft = Draft {
                body: &body,
                body_crc: frame::body_crc(&body),
                payload_len: body.len() as u32 - tags_len,
                signature: 0,
                flags: Encoding::JsonText as u8,
            };
            let position = ring.size() - draft.frame_len() + within;
            ring.put(position, 4, 1 << 62, &draft);
            let hot = &ring.memory.control().hot;
            hot.next_seq.store(5, Ordering::Relaxed);
            hot.tail.store(position, Ordering::Relaxed);
            hot.head.store(ring.size() + 8, Ordering::Release);
            for _ in 0..3 {
                match stream.next(Wait::Try, &mut view) {
                    Ok(next) => assert!(
                        matches!(next, Next::Timeout | Next::End),
                        "{what}: {next:?}"
                    ),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error:?}"),
                }
            }
        }
    }
}
