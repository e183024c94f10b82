//! The bearer token: kept as a digest, compared in constant time, never shown.

use ring::digest::{digest, SHA256};
use subtle::ConstantTimeEq;

/// A token to compare with. Holds its digest alone: nothing else of it can reach a log or a core dump.
#[derive(Clone)]
pub(crate) struct Token([u8; 32]);

impl Token {
    /// Of its text.
    pub(crate) fn new(text: &str) -> Token {
        Token(digest_of(text.as_bytes()))
    }

    /// Whether an `authorization` header carries this token: `Bearer TOKEN`, the scheme in any case. Takes as long
    /// for a wrong token as for a nearly right one.
    pub(crate) fn is_in(&self, header: &[u8]) -> bool {
        let Some((scheme, value)) = header
            .iter()
            .position(|byte| *byte == b' ')
            .map(|place| header.split_at(place))
        else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"bearer")
            && digest_of(value.trim_ascii()).ct_eq(&self.0).into()
    }
}

fn digest_of(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let token = Token::new("s3cret");
        for good in ["Bearer s3cret", "bearer s3cret", "BEARER  s3cret "] {
            assert!(token.is_in(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer s3cre",
            "Bearer s3crets",
            "Bearer S3cret",
            "Basic s3cret",
            "s3cret",
            "Bearers3cret",
            "Bearer s3cret x",
        ] {
            assert!(!token.is_in(bad.as_bytes()), "{bad}");
        }
        assert!(!format!("{token:?}").contains("s3"));
    }
}
