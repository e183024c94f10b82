//! Tests of messages: the envelope to the byte, and documents there and back.

use super::*;
use crate::json::Encoder;

fn message(json: &str, tag_list: &[&str]) -> (Encoding, Vec<u8>, Vec<u8>) {
    let (mut payload, mut block) = (Vec::new(), Vec::new());
    let encoding = Encoder::new()
        .encode(json.as_bytes(), &mut payload)
        .unwrap()
        .into();
    tags::encode(tag_list.iter().map(|tag| tag.as_bytes()), &mut block).unwrap();
    (encoding, payload, block)
}

fn envelope(json: &str, tag_list: &[&str]) -> String {
    let (encoding, payload, block) = message(json, tag_list);
    let message = Message {
        seq: 7,
        time_ns: 1_769_846_709_120_000_000,
        encoding,
        payload: &payload[..],
        tags: &block[..],
    };
    let mut out = Vec::new();
    message
        .write_envelope(&mut out, &mut TimeCache::new())
        .unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn envelopes_have_their_exact_shape() {
    let head = "{\"seq\":7,\"time\":\"2026-01-31T08:05:09.12Z\",\"meta\":{\"tags\":";
    for (json, tag_list, tail) in [
        (
            r#"{"x": 1}"#,
            &["a", "b"][..],
            r#"["a","b"]},"data":{"x":1}}"#,
        ),
        ("[]", &[], r#"[]},"data":[]}"#),
        ("null", &[], r#"[]},"data":null}"#),
        (
            "18446744073709551615",
            &["\"\n"],
            r#"["\"\n"]},"data":18446744073709551615}"#,
        ),
        (
            r#"{"z":1.0,"a":[1e3,-0,{"\u0000":"é\u001f"}]}"#,
            &[],
            "[]},\"data\":{\"z\":1.0,\"a\":[1000.0,-0.0,{\"\\u0000\":\"é\\u001f\"}]}}",
        ),
    ] {
        assert_eq!(envelope(json, tag_list), format!("{head}{tail}"));
    }
}

#[test]
fn receipts_lack_only_the_data() {
    let (encoding, payload, block) = message("1", &["t"]);
    let message = Message {
        seq: u64::MAX,
        time_ns: 0,
        encoding,
        payload: &payload[..],
        tags: &block[..],
    };
    let mut out = Vec::new();
    message
        .write_receipt(&mut out, &mut TimeCache::new())
        .unwrap();
    assert_eq!(
        out,
        br#"{"seq":18446744073709551615,"time":"1970-01-01T00:00:00Z","meta":{"tags":["t"]}}"#
    );
}

#[test]
fn documents_are_rebuilt_alike_and_come_apart_again() {
    let many: Vec<String> = (0..40).map(|n| format!("tag-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let wide = format!(
        "{{{}}}",
        (0..500)
            .map(|n| format!("\"k{n}\":[{n},{{\"n\":{n}}}]"))
            .collect::<Vec<_>>()
            .join(",")
    );
    for json in [
        r#"{"x":{"y":[1,2,3,4,5,6,7,8,9]}}"#,
        "[]",
        "{}",
        "\"text\"",
        "1.5",
        "null",
        "true",
        &wide,
    ] {
        for tag_list in [&[][..], &["one", "two"], &many] {
            let (encoding, payload, block) = message(json, tag_list);
            let message = Message {
                seq: 1,
                time_ns: 0,
                encoding,
                payload: &payload[..],
                tags: &block[..],
            };
            let (mut first, mut second) = (Vec::new(), Vec::new());
            message.to_lite3_document(&mut first).unwrap();
            let mut assembler = document::Assembler::new();
            message
                .to_lite3_document_with(&mut assembler, &mut Vec::new())
                .unwrap();
            message
                .to_lite3_document_with(&mut assembler, &mut second)
                .unwrap();
            assert_eq!(first, second);
            let parts = document::split(&first).unwrap();
            assert_eq!(parts.tags, tag_list);
            let mut out = Vec::new();
            write_lite3(parts.data, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), json);
            let whole = Message {
                encoding: Encoding::Lite3Document,
                payload: &first[..],
                ..message
            };
            let (mut kept, mut a, mut b) = (Vec::new(), Vec::new(), Vec::new());
            whole.to_lite3_document(&mut kept).unwrap();
            assert_eq!(kept, first);
            whole.write_envelope(&mut a, &mut TimeCache::new()).unwrap();
            message
                .write_envelope(&mut b, &mut TimeCache::new())
                .unwrap();
            assert_eq!(a, b);
        }
    }
}

#[test]
fn what_lite3_cannot_hold_has_no_document() {
    for json in [
        "[9223372036854775808]",
        r#"{"a\u0000b":1}"#,
        "18446744073709551615",
    ] {
        let (encoding, payload, block) = message(json, &[]);
        assert_eq!(encoding, Encoding::JsonText);
        let message = Message {
            seq: 3,
            time_ns: 0,
            encoding,
            payload: &payload[..],
            tags: &block[..],
        };
        let mut out = Vec::new();
        let error = message.to_lite3_document(&mut out).unwrap_err();
        assert_eq!(
            (error.kind(), error.seq()),
            (crate::ErrorKind::Usage, Some(3))
        );
        assert!(out.is_empty());
    }
}

#[test]
fn damaged_messages_are_corrupt_and_leave_the_output_alone() {
    let (_, document, block) = message(r#"{"x":1}"#, &[]);
    for (encoding, payload, tag_block) in [
        (Encoding::Lite3Data, &document[..50], &block[..]),
        (Encoding::Lite3Document, &document[..], &block[..]), // no "data"
        (Encoding::JsonText, b"{\"x\":", &block[..]),
        (Encoding::Lite3Data, &document[..], b"\x05a"),
    ] {
        let message = Message {
            seq: 5,
            time_ns: 0,
            encoding,
            payload,
            tags: tag_block,
        };
        let mut out = b"before".to_vec();
        let error = message
            .write_envelope(&mut out, &mut TimeCache::new())
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.seq()),
            (crate::ErrorKind::Corrupt, Some(5))
        );
        assert_eq!(out, b"before");
    }
}

#[test]
fn documents_that_are_no_messages_are_corrupt() {
    for json in [
        "{}",
        "[]",
        r#"{"meta":{},"data":1}"#,
        r#"{"meta":{"tags":{}},"data":1}"#,
        r#"{"meta":{"tags":[1]},"data":1}"#,
        r#"{"meta":{"tags":[]}}"#,
    ] {
        let (_, document, _) = message(json, &[]);
        assert_eq!(
            document::split(&document).unwrap_err().kind(),
            crate::ErrorKind::Corrupt,
            "{json}"
        );
    }
    assert_eq!(
        document::split(b"").unwrap_err().kind(),
        crate::ErrorKind::Corrupt
    );
}
