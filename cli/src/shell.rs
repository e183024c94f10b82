//! Words of commands that users are told to type.

/// An argument for a POSIX shell. In single quotes nothing is expanded.
pub(crate) fn quoted(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=".contains(&byte);
    match !argument.is_empty() && argument.bytes().all(plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quoting_is_safe_in_a_shell() {
        for (argument, expected) in [
            ("lab-1/x.plasmite", "lab-1/x.plasmite"),
            ("", "''"),
            ("$(rm -rf x)", "'$(rm -rf x)'"),
            ("it's", r"'it'\''s'"),
            (r#"{"a":1}"#, r#"'{"a":1}'"#),
        ] {
            assert_eq!(quoted(argument), expected);
        }
    }
}
