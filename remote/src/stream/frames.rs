//! The frames of a tail: messages as Lite3, and control frames of seq 0 that hold JSON.

use std::io::{self, Read};

use plasmite_core::store::{Gap, OwnedMessage};
use plasmite_core::{Error, ErrorKind};
use serde_json::Value;

use super::plan::Place;
use crate::error;
use crate::info::member;
use crate::pool::{from_document, from_envelope, seq_of};

/// Seq, time and length.
const HEAD: usize = 20;

/// What a frame says.
#[derive(Debug)]
pub(super) enum Frame {
    Message(OwnedMessage),
    Position(Place),
    Gap(Gap),
    Failed(Error),
    /// A message that cannot be given. What comes next is good.
    Spoilt(u64, Error),
    /// What says something else than messages, and is not understood: asked again, it would say the same.
    Broken(Error),
    End(Ended),
    /// One that only a newer server knows.
    Unknown,
}

/// Why a tail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// All was given.
    Done,
    /// The server's time for one tail is up.
    Timeout,
    /// The server stops.
    Stopping,
}

/// Reads the next frame. `largest` is the longest that is taken.
///
/// # Errors
/// The connection's only; `UnexpectedEof` when it ends.
pub(super) fn read(body: &mut impl Read, largest: u64, pool: &str) -> io::Result<Frame> {
    let mut head = [0; HEAD];
    body.read_exact(&mut head)?;
    let (seq, rest) = head.split_at(8);
    let (time_ns, length) = rest.split_at(8);
    let seq = u64::from_be_bytes(seq.try_into().unwrap_or_default());
    let time_ns = u64::from_be_bytes(time_ns.try_into().unwrap_or_default());
    let length = u32::from_be_bytes(length.try_into().unwrap_or_default());
    if u64::from(length) > largest {
        let error = too_large(length, largest, pool);
        if seq == 0 {
            return Ok(Frame::Broken(error));
        }
        let skipped = io::copy(&mut body.take(u64::from(length)), &mut io::sink())?;
        return match skipped < u64::from(length) {
            true => Err(io::ErrorKind::UnexpectedEof.into()),
            false => Ok(Frame::Spoilt(seq, error.with_seq(seq))),
        };
    }
    // Grown as it comes: a length alone is not to take memory.
    let mut bytes = Vec::with_capacity((length as usize).min(1 << 20));
    body.take(u64::from(length)).read_to_end(&mut bytes)?;
    if bytes.len() < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(match seq {
        0 => control(&bytes, pool).unwrap_or_else(|error| Frame::Broken(error.with_path(pool))),
        seq => match from_document(seq, time_ns, &bytes) {
            Ok(message) => Frame::Message(message),
            Err(error) => spoilt(seq, &error, pool),
        },
    })
}

fn control(json: &[u8], pool: &str) -> Result<Frame, Error> {
    if let Ok(envelope) = member(json, "message") {
        return match (from_envelope(envelope), seq_of(envelope)) {
            (Ok(message), _) => Ok(Frame::Message(message)),
            (Err(error), Some(seq)) => Ok(spoilt(seq, &error, pool)),
            (Err(error), None) => Err(error),
        };
    }
    if let Some(error) = error::told(json, Some(pool)) {
        return Ok(Frame::Failed(error));
    }
    let value: Value = crate::info::parse(json)?;
    let number = |object: &Value, name: &str| object.get(name).and_then(Value::as_u64);
    if let Some(position) = value.get("position") {
        let token = position.get("resume").and_then(Value::as_str);
        if let (Some(next_seq), Some(token)) = (number(position, "next_seq"), token) {
            return Ok(Frame::Position(Place {
                next_seq,
                token: token.to_owned(),
                searching: position.get("searching") == Some(&Value::Bool(true)),
            }));
        }
    }
    if let Some(gap) = value.get("gap") {
        if let (Some(first), Some(last)) = (number(gap, "first"), number(gap, "last")) {
            return Ok(Frame::Gap(Gap { first, last }));
        }
    }
    if let Some(end) = value.get("end") {
        return Ok(Frame::End(
            match end.get("reason").and_then(Value::as_str) {
                Some("timeout") => Ended::Timeout,
                Some("stopping") => Ended::Stopping,
                _ => Ended::Done,
            },
        ));
    }
    Ok(Frame::Unknown)
}

/// Whatever is wrong with a message that came whole: it is what locally is a damaged one.
#[cold]
fn spoilt(seq: u64, error: &Error, pool: &str) -> Frame {
    let corrupt = Error::corrupt(error.message())
        .with_seq(seq)
        .with_path(pool);
    Frame::Spoilt(
        seq,
        match error.hint() {
            Some(hint) => corrupt.with_hint(hint),
            None => corrupt,
        },
    )
}

#[cold]
fn too_large(length: u32, largest: u64, pool: &str) -> Error {
    Error::new(
        ErrorKind::Io,
        format!("a message has {length} bytes, and at most {largest} are taken from a server"),
    )
    .with_path(pool)
    .with_hint("allow larger messages for this client")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: u64, time: u64, body: &[u8]) -> Vec<u8> {
        let mut out = seq.to_be_bytes().to_vec();
        out.extend_from_slice(&time.to_be_bytes());
        out.extend_from_slice(&(body.len() as u32).to_be_bytes());
        out.extend_from_slice(body);
        out
    }

    fn control(json: &str) -> Frame {
        read(&mut &frame(0, 0, json.as_bytes())[..], 1 << 20, "p").unwrap()
    }

    #[test]
    fn control_frames() {
        assert!(matches!(
            control(r#"{"position":{"next_seq":7,"resume":"pls1.x.0.7"}}"#),
            Frame::Position(Place { next_seq: 7, token, searching: false }) if token == "pls1.x.0.7"
        ));
        assert!(matches!(
            control(r#"{"position":{"next_seq":7,"resume":"pls1.x.0.7","searching":true}}"#),
            Frame::Position(Place {
                searching: true,
                ..
            })
        ));
        assert!(matches!(
            control(r#"{"gap":{"first":3,"last":5,"count":3}}"#),
            Frame::Gap(Gap { first: 3, last: 5 })
        ));
        assert!(matches!(
            control(r#"{"end":{"reason":"timeout"}}"#),
            Frame::End(Ended::Timeout)
        ));
        assert!(matches!(
            control(r#"{"end":{"reason":"done"}}"#),
            Frame::End(Ended::Done)
        ));
        assert!(matches!(control(r#"{"new":{}}"#), Frame::Unknown));
        match control(r#"{"error":{"kind":"NotFound","message":"gone","path":"/x"}}"#) {
            Frame::Failed(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
            other => panic!("{other:?}"),
        }
        let text = r#"{"message":{"seq":9,"time":"1970-01-01T00:00:01Z","meta":{"tags":["a"]},"data":18446744073709551615}}"#;
        match control(text) {
            Frame::Message(message) => {
                let message = message.message();
                assert_eq!((message.seq, message.time_ns), (9, 1_000_000_000));
                let mut data = Vec::new();
                message.write_data(&mut data).unwrap();
                assert_eq!(data, b"18446744073709551615");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_frame() {
        let short = |bytes: &[u8]| read(&mut &bytes[..], 100, "p").unwrap_err().kind();
        assert_eq!(short(b""), io::ErrorKind::UnexpectedEof);
        assert_eq!(
            short(&frame(1, 0, b"1234")[..21]),
            io::ErrorKind::UnexpectedEof
        );
        assert_eq!(
            short(&frame(5, 0, &[0; 101])[..120]),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn what_is_too_large_is_skipped() {
        let frames = [frame(5, 0, &[0; 101]), frame(0, 0, b"{}")].concat();
        let mut rest = &frames[..];
        let large = read(&mut rest, 100, "p").unwrap();
        assert!(matches!(large, Frame::Spoilt(5, error) if error.seq() == Some(5)));
        assert!(matches!(read(&mut rest, 100, "p").unwrap(), Frame::Unknown));
    }

    #[test]
    fn whole_frames_are_never_a_lost_connection() {
        match read(&mut &frame(7, 0, b"1234")[..], 100, "p").unwrap() {
            Frame::Spoilt(7, error) => {
                assert_eq!((error.kind(), error.seq()), (ErrorKind::Corrupt, Some(7)));
            }
            other => panic!("{other:?}"),
        }
        match control(r#"{"message":{"seq":9,"time":"never","meta":{"tags":[]},"data":1}}"#) {
            Frame::Spoilt(9, error) => {
                assert_eq!((error.kind(), error.seq()), (ErrorKind::Corrupt, Some(9)));
            }
            other => panic!("{other:?}"),
        }
        for broken in ["not json", r#"{"message":{"data":1}}"#, "[", ""] {
            assert!(matches!(control(broken), Frame::Broken(_)), "{broken}");
        }
        let large = read(&mut &frame(0, 0, &[0; 101])[..], 100, "p").unwrap();
        assert!(matches!(large, Frame::Broken(_)));
    }
}
