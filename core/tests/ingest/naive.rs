//! Naive readers of some modes, written by the mode's definition over the whole input at once.

use plasmite_core::json::Encoder;

const JSON_BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Records in order, and the number of faults.
pub(crate) type Read = (Vec<String>, usize);

fn sorted_out<'a>(texts: impl Iterator<Item = &'a str>) -> Read {
    let (good, bad): (Vec<&str>, Vec<&str>) = texts.partition(|text| is_json(text.as_bytes()));
    (good.into_iter().map(str::to_owned).collect(), bad.len())
}

pub(crate) fn lines(input: &str) -> Read {
    let lines = input.split('\n').map(|line| line.trim_matches(JSON_BLANKS));
    sorted_out(lines.filter(|line| !line.is_empty()))
}

pub(crate) fn events(input: &str) -> Read {
    let input = input.replace("\r\n", "\n").replace('\r', "\n");
    let mut events = Vec::new();
    for event in input.split("\n\n") {
        let values = event
            .split('\n')
            .filter_map(|line| match line.strip_prefix("data:") {
                Some(value) => Some(value.strip_prefix(' ').unwrap_or(value)),
                None => (line == "data").then_some(""),
            });
        events.push(values.collect::<Vec<_>>().join("\n"));
    }
    let filled = events.iter().filter(|data| !data.trim_ascii().is_empty());
    sorted_out(filled.map(String::as_str))
}

pub(crate) fn sequence(input: &str) -> Read {
    let mut found = (Vec::new(), 0);
    for (index, piece) in input.split('\u{1e}').enumerate() {
        let piece = piece.trim_start_matches(JSON_BLANKS);
        if piece.is_empty() {
            continue;
        }
        // The shortest text that is a value and has a line end behind it, or nothing and does not need one.
        let ends = piece
            .match_indices('\n')
            .map(|(at, _)| at)
            .chain([piece.len()]);
        let record = ends
            .map(|end| (end, piece[..end].trim_end_matches(JSON_BLANKS)))
            .find(|(end, text)| {
                let closed = text.ends_with(['}', ']', '"']) || *end < piece.len();
                is_json(text.as_bytes()) && closed
            });
        match record.filter(|_| index > 0) {
            Some((end, text)) => {
                found.0.push(text.to_owned());
                found.1 += usize::from(!piece[end..].trim_matches(JSON_BLANKS).is_empty());
            }
            None => found.1 += 1,
        }
    }
    found
}

pub(crate) fn is_json(text: &[u8]) -> bool {
    Encoder::new().encode(text, &mut Vec::new()).is_ok()
}
