//! Indenting compact JSON: the text is only laid out anew, so keys keep their order and numbers their digits.

use super::paint;

/// Gives `json`, which is valid and compact, to `put` piece by piece, indented by two blanks a level, in colour if wanted.
/// Empty arrays and objects stay on one line. As a whole it can be many times as long as the text is.
///
/// # Errors
/// Those of `put`.
pub(crate) fn indent<E>(
    json: &[u8],
    colored: bool,
    put: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut at = 0;
    // One byte a level: the kind of the open container.
    let mut open: Vec<u8> = Vec::new();
    // Whether the next string is a key.
    let mut key = false;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'{' | b'[' => {
                let close = byte + 2; // in ASCII both closing brackets stand two after their opening ones
                if json.get(at + 1) == Some(&close) {
                    put(&[byte, close])?;
                    at += 2;
                    continue;
                }
                open.push(byte);
                key = byte == b'{';
                put(&[byte])?;
                new_line(open.len(), put)?;
            }
            b'}' | b']' => {
                open.pop();
                new_line(open.len(), put)?;
                put(&[byte])?;
            }
            b',' => {
                key = open.last() == Some(&b'{');
                put(&[byte])?;
                new_line(open.len(), put)?;
            }
            b':' => {
                key = false;
                put(b": ")?;
            }
            b'"' => {
                let end = string_end(json, at);
                let color = if key { paint::CYAN } else { paint::GREEN };
                painted(&json[at..end], color, colored, put)?;
                at = end;
                continue;
            }
            _ => {
                let length = json[at..]
                    .iter()
                    .position(|byte| matches!(byte, b',' | b'}' | b']'));
                let end = length.map_or(json.len(), |length| at + length);
                let color = match byte {
                    b't' | b'f' => paint::MAGENTA,
                    b'n' => "",
                    _ => paint::YELLOW,
                };
                painted(&json[at..end], color, colored && !color.is_empty(), put)?;
                at = end;
                continue;
            }
        }
        at += 1;
    }
    Ok(())
}

fn new_line<E>(depth: usize, put: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    const BLANKS: [u8; 64] = [b' '; 64];
    put(b"\n")?;
    let mut left = 2 * depth;
    while left > 0 {
        let count = left.min(BLANKS.len());
        put(&BLANKS[..count])?;
        left -= count;
    }
    Ok(())
}

fn painted<E>(
    text: &[u8],
    color: &str,
    colored: bool,
    put: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    if !colored {
        return put(text);
    }
    put(color.as_bytes())?;
    put(text)?;
    put(paint::RESET.as_bytes())
}

/// Behind the quote that ends the string starting at `start`.
fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indented(json: &str, colored: bool) -> String {
        let mut out = Vec::new();
        let put = &mut |piece: &[u8]| {
            out.extend_from_slice(piece);
            Ok::<(), ()>(())
        };
        indent(json.as_bytes(), colored, put).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn layout() {
        let json = r#"{"b":[1,{"x":"}],\"{"},[],{}],"a":{"é":null},"n":1.0e-7}"#;
        let expected = "{\n  \"b\": [\n    1,\n    {\n      \"x\": \"}],\\\"{\"\n    },\n    [],\n    {}\n  ],\n  \"a\": {\n    \
                        \"é\": null\n  },\n  \"n\": 1.0e-7\n}";
        assert_eq!(indented(json, false), expected);
    }

    #[test]
    fn scalars_stand_alone() {
        for scalar in ["1", "\"a\\\\\"", "true", "null", "{}", "[]", "-0.0"] {
            assert_eq!(indented(scalar, false), scalar);
        }
    }

    #[test]
    fn colours_by_kind() {
        let text = indented(r#"{"k":["s",1,true,null]}"#, true);
        for part in [
            "\x1b[36m\"k\"\x1b[0m",
            "\x1b[32m\"s\"\x1b[0m",
            "\x1b[33m1\x1b[0m",
            "\x1b[35mtrue\x1b[0m",
            "    null\n",
        ] {
            assert!(text.contains(part), "{part:?} in {text:?}");
        }
    }
}
