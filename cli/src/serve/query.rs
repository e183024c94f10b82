//! The query of a request: names and values, decoded once.

use super::error::Refusal;
use super::route::{RouteId, ROUTES};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::str::FromStr;

/// The parameters in their order. Unknown ones are ignored by whoever reads it.
#[derive(Debug)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    /// What may be asked for: what the table of routes says of this one, and with it the description.
    names: &'static [&'static str],
}

impl Query {
    /// Of what stands behind the `?`.
    pub(crate) fn parse(query: Option<&str>, names: &'static [&'static str]) -> Query {
        let pairs = form_urlencoded::parse(query.unwrap_or("").as_bytes());
        Query {
            pairs: pairs.into_owned().collect(),
            names,
        }
    }

    /// The value of a parameter that may be given once.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.all(name);
        let value = values.next();
        match values.next() {
            None => Ok(value),
            Some(_) => Err(Refusal::usage(format!(
                "the query has {name} more than once"
            ))),
        }
    }

    /// The values of a parameter that may be given often.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        debug_assert!(self.names.contains(&name), "{name} is not described");
        let name = name.to_owned();
        self.pairs
            .iter()
            .filter(move |(key, _)| *key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A number.
    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if plain => Ok(Some(number)),
            _ => Err(Refusal::usage(format!(
                "{name} is to be a whole number that is not negative, and is {text:?}"
            ))),
        }
    }

    /// A switch: `1`, `true` or nothing behind its name; `0` or `false`.
    pub(crate) fn switch(&self, name: &str) -> Result<bool, Refusal> {
        match self.one(name)? {
            None | Some("0" | "false") => Ok(false),
            Some("" | "1" | "true") => Ok(true),
            Some(other) => Err(Refusal::usage(format!(
                "{name} is to be true or false, and is {other:?}"
            ))),
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        one_of(name, text, words).map(Some)
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query, Infallible> {
        let route = parts.extensions.get::<RouteId>();
        let names = route.map_or(&[][..], |route| ROUTES[route.0].query);
        Ok(Query::parse(parts.uri.query(), names))
    }
}

/// The value that a word stands for.
pub(crate) fn one_of<T: Copy>(name: &str, text: &str, words: &[(&str, T)]) -> Result<T, Refusal> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Refusal::usage(format!(
            "{name} is to be one of {}, and is {text:?}",
            names.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        const NAMES: &[&str] = &["max", "tag", "snapshot", "none", "bad", "x", "n", "s"];
        let query = Query::parse(
            Some("max=5&tag=a%20b&tag=c+d&snapshot&max_x=1&bad=-1&x=1&x=2"),
            NAMES,
        );
        assert_eq!(query.number::<u64>("max").unwrap(), Some(5));
        assert_eq!(query.number::<u64>("none").unwrap(), None);
        assert_eq!(query.all("tag").collect::<Vec<_>>(), ["a b", "c d"]);
        assert!(query.switch("snapshot").unwrap() && !query.switch("none").unwrap());
        assert!(query.number::<u64>("bad").is_err());
        assert!(query.one("x").is_err());
        for bad in ["n=+5", "n=%2B5", "n=18446744073709551616"] {
            let query = Query::parse(Some(bad), NAMES);
            assert!(query.number::<u64>("n").is_err(), "{bad}");
        }
        assert!(Query::parse(Some("s=yes"), NAMES).switch("s").is_err());
    }
}
