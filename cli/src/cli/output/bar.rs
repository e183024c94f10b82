//! A bar that shows how much of something is used, an eighth of a column fine.

/// The used part, and what is left of the columns.
pub(crate) fn parts(used: u64, whole: u64, columns: usize) -> (String, String) {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let whole = u128::from(whole.max(1));
    let eighths = (u128::from(used) * 8 * columns as u128 / whole) as usize;
    // Something is more than nothing.
    let eighths = eighths.max(usize::from(used > 0)).min(8 * columns);
    let (full, rest) = (eighths / 8, eighths % 8);
    let left = columns - full - usize::from(rest > 0);
    (
        format!("{}{}", "█".repeat(full), EIGHTHS[rest]),
        "·".repeat(left),
    )
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn bars() {
        for (used, whole, bar) in [
            (0, 100, "····"),
            (1, 1_000_000, "▏···"),
            (50, 100, "██··"),
            (60, 100, "██▍·"),
            (100, 100, "████"),
            (999, 100, "████"),
            (0, 0, "····"),
        ] {
            let (full, left) = parts(used, whole, 4);
            assert_eq!(format!("{full}{left}"), bar, "{used} of {whole}");
        }
    }
}
