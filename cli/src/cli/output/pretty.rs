//! Indenting compact JSON: the text is only laid out anew, so keys keep their order and numbers their digits.

use super::paint;

/// Appends `json`, which is valid and compact, indented by two blanks a level, in colour if wanted. Empty arrays and
/// objects stay on one line.
pub(crate) fn indent(json: &[u8], colored: bool, out: &mut Vec<u8>) {
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
                    out.extend_from_slice(&[byte, close]);
                    at += 2;
                    continue;
                }
                open.push(byte);
                key = byte == b'{';
                out.push(byte);
                new_line(open.len(), out);
            }
            b'}' | b']' => {
                open.pop();
                new_line(open.len(), out);
                out.push(byte);
            }
            b',' => {
                key = open.last() == Some(&b'{');
                out.push(byte);
                new_line(open.len(), out);
            }
            b':' => {
                key = false;
                out.extend_from_slice(b": ");
            }
            b'"' => {
                let end = string_end(json, at);
                let color = if key { paint::CYAN } else { paint::GREEN };
                painted(&json[at..end], color, colored, out);
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
                painted(&json[at..end], color, colored && !color.is_empty(), out);
                at = end;
                continue;
            }
        }
        at += 1;
    }
}

fn new_line(depth: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}

fn painted(text: &[u8], color: &str, colored: bool, out: &mut Vec<u8>) {
    if !colored {
        return out.extend_from_slice(text);
    }
    out.extend_from_slice(color.as_bytes());
    out.extend_from_slice(text);
    out.extend_from_slice(paint::RESET.as_bytes());
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
        indent(json.as_bytes(), colored, &mut out);
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
