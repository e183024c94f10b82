//! Text that is safe to print.

/// Text without what a terminal would take for a command: control characters as JSON escapes them.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char.is_control() {
            true => shown.push_str(&format!("\\u{:04x}", u32::from(char))),
            false => shown.push(char),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_reaches_the_terminal_as_a_command() {
        assert_eq!(
            printable("a\u{1b}[2Jb\t\u{9b}é\u{7f}"),
            "a\\u001b[2Jb\\u0009\\u009bé\\u007f"
        );
    }
}
