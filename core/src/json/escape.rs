//! Strings out: quotes, and escapes only where JSON demands them.

use super::scan::{beyond_ascii, specials};
use crate::lite3::Piece;

/// Appends UTF-8 text known to be valid as a JSON string.
pub fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    write_escaped(text, out);
    out.push(b'"');
}

/// Appends a piece of a document as a JSON string; false when it is not UTF-8 (`out` then holds a
/// part of it).
#[inline]
pub(super) fn write_piece(piece: Piece<'_>, out: &mut Vec<u8>) -> Result<(), ()> {
    out.push(b'"');
    let mut high = 0u64;
    let mut done = 0;
    while piece.len - done >= 8 {
        let Some(chunk) = piece
            .buffer
            .get(piece.start + done..)
            .and_then(|rest| rest.first_chunk::<8>())
        else {
            return write_rest(piece, done, out);
        };
        let word = u64::from_le_bytes(*chunk);
        if specials(word) != 0 {
            return write_rest(piece, done, out);
        }
        high |= word;
        out.extend_from_slice(chunk);
        done += 8;
    }
    let rest = piece.len - done;
    if rest > 0 {
        // The last bytes are copied with what lies behind them, which is cut off again.
        let Some(chunk) = piece
            .buffer
            .get(piece.start + done..)
            .and_then(|rest| rest.first_chunk::<8>())
        else {
            return write_rest(piece, done, out);
        };
        let mask = u64::MAX >> (64 - 8 * rest as u32);
        let word = u64::from_le_bytes(*chunk);
        if specials(word) & mask != 0 {
            return write_rest(piece, done, out);
        }
        high |= word & mask;
        out.extend_from_slice(chunk);
        out.truncate(out.len() - 8 + rest);
    }
    if beyond_ascii(high) && std::str::from_utf8(piece.bytes()).is_err() {
        return Err(());
    }
    out.push(b'"');
    Ok(())
}

/// The general case of [`write_piece`]: escapes are needed, or the buffer ends behind the piece.
#[inline(never)]
fn write_rest(piece: Piece<'_>, done: usize, out: &mut Vec<u8>) -> Result<(), ()> {
    let text = piece.bytes();
    if std::str::from_utf8(text).is_err() {
        return Err(());
    }
    write_escaped(&text[done..], out);
    out.push(b'"');
    Ok(())
}

/// How many bytes a text is as a JSON string, without its quotes; more for a short one.
pub(crate) fn escaped_len(text: &[u8]) -> usize {
    const LONGEST: usize = 6;
    if text.len() < 64 {
        return text.len() * LONGEST;
    }
    let more = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\t' | b'\r' | 8 | 12 => 1,
        0..0x20 => LONGEST - 1,
        _ => 0,
    };
    text.len() + text.iter().map(more).sum::<usize>()
}

fn write_escaped(text: &[u8], out: &mut Vec<u8>) {
    let mut run = 0;
    let mut at = 0;
    while at < text.len() {
        if let Some(chunk) = text[at..].first_chunk::<8>() {
            let special = specials(u64::from_le_bytes(*chunk));
            if special == 0 {
                at += 8;
                continue;
            }
            at += special.trailing_zeros() as usize / 8;
        }
        let byte = text[at];
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            at += 1;
            continue;
        }
        out.extend_from_slice(&text[run..at]);
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[byte as usize >> 4]);
                out.push(HEX[byte as usize & 15]);
            }
        }
        at += 1;
        run = at;
    }
    out.extend_from_slice(&text[run..]);
}

/// Appends bytes as a JSON string of standard base64 with padding.
pub(super) fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.push(b'"');
    for chunk in bytes.chunks(3) {
        let group = (chunk[0] as u32) << 16
            | (chunk.get(1).copied().unwrap_or(0) as u32) << 8
            | chunk.get(2).copied().unwrap_or(0) as u32;
        for place in 0..4 {
            if place <= chunk.len() {
                out.push(SIGNS[(group >> (18 - 6 * place)) as usize & 63]);
            } else {
                out.push(b'=');
            }
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_json_demands_and_nothing_else() {
        let text: String = (0..=0x7fu8)
            .map(char::from)
            .chain("é\u{2028}😀/".chars())
            .collect();
        let mut out = Vec::new();
        write_string(text.as_bytes(), &mut out);
        assert_eq!(out, serde_json::to_vec(&text).unwrap());
        assert_eq!(escaped_len(text.as_bytes()) + 2, out.len());
        assert!(escaped_len(&text.as_bytes()[..40]) >= out.len() / 3);
        for start in 0..text.len() {
            for len in 0..text.len() - start {
                if !text.is_char_boundary(start) || !text.is_char_boundary(start + len) {
                    continue;
                }
                let mut plain = Vec::new();
                write_string(&text.as_bytes()[start..start + len], &mut plain);
                let mut piece = Vec::new();
                write_piece(
                    Piece {
                        buffer: text.as_bytes(),
                        start,
                        len,
                    },
                    &mut piece,
                )
                .unwrap();
                assert_eq!(plain, piece);
            }
        }
    }

    #[test]
    fn base64_has_the_standard_padding() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            let mut out = Vec::new();
            write_base64(bytes.as_bytes(), &mut out);
            assert_eq!(out, format!("\"{text}\"").into_bytes());
        }
    }
}
