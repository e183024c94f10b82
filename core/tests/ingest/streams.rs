//! The shared real streams, record by record, in their mode and in `auto`.

use super::codec::{data, files, read as bytes_of, records};
use super::{is_json, read, skipping, texts, Out};
use plasmite_core::ingest::Mode;

/// What a stream holds, by the simplest reading of its format: the texts that are JSON and the number that are not.
fn expected(name: &str, input: &[u8]) -> Option<(Mode, Vec<String>, usize)> {
    let text = std::str::from_utf8(input).expect("the streams are UTF-8");
    let format = name.trim_end_matches(".zst").rsplit('.').next()?;
    let (mode, all): (Mode, Vec<String>) = match format {
        "jsonl" | "ndjson" | "geojsonl" | "txt" => {
            (Mode::JsonLines, text.lines().map(str::to_owned).collect())
        }
        "json-seq" | "geojsons" => (
            Mode::Sequence,
            text.split('\u{1e}')
                .map(|text| text.trim().to_owned())
                .collect(),
        ),
        "sse" => {
            let text = text.replace("\r\n", "\n");
            let data = |event: &str| -> String {
                let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
                lines
                    .map(|line| line.strip_prefix(' ').unwrap_or(line))
                    .collect::<Vec<_>>()
                    .join("\n")
            };
            (Mode::Events, text.split("\n\n").map(data).collect())
        }
        "json" => {
            let mut values =
                serde_json::Deserializer::from_slice(input).into_iter::<serde::de::IgnoredAny>();
            let mut start = 0;
            let mut all = Vec::new();
            while let Some(value) = values.next() {
                value.expect("good values");
                all.push(text[start..values.byte_offset()].trim().to_owned());
                start = values.byte_offset();
            }
            (Mode::Values, all)
        }
        _ => return None,
    };
    let all = all
        .into_iter()
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty());
    let (good, bad): (Vec<String>, Vec<String>) = all.partition(|text| is_json(text.as_bytes()));
    Some((mode, good, bad.len()))
}

#[test]
fn record_by_record() {
    let Some(folder) = data() else { return };
    let manifest = records(&folder.join("MANIFEST.jsonl"));
    let mut streams = 0;
    for path in files(&folder.join("streams")) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let input = bytes_of(&path);
        let Some((mode, good, bad)) = expected(&name, &input) else {
            continue;
        };
        let found = read(skipping(mode), input.chunks(65_536));
        let (found_texts, faults) = texts(&found);
        let (trimmed, expected): (Vec<&str>, Vec<&str>) = (
            found_texts.iter().map(|text| text.trim()).collect(),
            good.iter().map(String::as_str).collect(),
        );
        assert!(
            trimmed == expected,
            "{name}: {} records, not {}",
            trimmed.len(),
            expected.len()
        );
        assert_eq!(faults, bad, "{name}");
        // Everything is recognised for what it is.
        let automatic = read(skipping(Mode::Auto), input.chunks(4_000));
        let same = automatic
            .iter()
            .filter_map(Out::text)
            .eq(found.iter().filter_map(Out::text));
        assert!(same && automatic.len() == found.len(), "{name} in auto");
        if let Some(row) = manifest.iter().find(|row| row["file"] == name.as_str()) {
            // Not counted there: the end mark of such a stream, and an event that only the end of the input ends.
            let mark = name.ends_with("llm-openai-chat.sse");
            let text = String::from_utf8_lossy(&input).replace("\r\n", "\n");
            let open_end = text.rsplit("\n\n").next().unwrap_or_default();
            let open = mode == Mode::Events && open_end.contains("data:");
            let uncounted = usize::from(mark || open);
            assert_eq!(row["records"], good.len() + bad - uncounted, "{name}");
        }
        streams += 1;
    }
    assert!(streams > 50, "{streams}");
}
