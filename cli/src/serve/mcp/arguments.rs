//! The arguments of a tool, taken one by one; whatever is left over is refused.

use super::rpc::Members;
use crate::serve::pools::check_name;
use crate::serve::tail::moment;
use crate::{Filter, FilterOptions};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Why an argument is not taken.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) field: String,
    pub(super) detail: String,
    pub(super) hint: Option<String>,
}

/// The arguments of one call.
#[derive(Debug)]
pub(super) struct Arguments<'a>(pub(super) Members<'a>);

pub(super) type Taken<T> = Result<T, Bad>;

fn bad(field: &str, detail: impl Into<String>) -> Bad {
    Bad {
        field: field.to_owned(),
        detail: detail.into(),
        hint: None,
    }
}

/// How a value is shown in a complaint: its start.
fn shown(value: &RawValue) -> String {
    const MOST: usize = 60;
    let text = value.get();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl<'a> Arguments<'a> {
    /// Null counts as absent for whatever may be absent.
    fn maybe<T: Deserialize<'a>>(&mut self, field: &str, form: &str) -> Taken<Option<T>> {
        let value = self.0.remove(field).filter(|value| value.get() != "null");
        value
            .map(|value| {
                serde_json::from_str(value.get())
                    .map_err(|_| bad(field, format!("{form} is wanted, and is {}", shown(value))))
            })
            .transpose()
    }

    fn required<T: Deserialize<'a>>(&mut self, field: &str, form: &str) -> Taken<T> {
        self.maybe(field, form)?
            .ok_or_else(|| bad(field, format!("it is missing: {form} is wanted")))
    }

    /// A pool's name.
    pub(super) fn pool(&mut self, field: &str) -> Taken<String> {
        let name: String = self.required(field, "the name of a pool, a string,")?;
        check_name(&name).map_err(|error| Bad {
            hint: error.hint().map(str::to_owned),
            ..bad(field, error.message())
        })?;
        Ok(name)
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, field: &str, least: u64, most: u64) -> Taken<Option<u64>> {
        let form = match most {
            u64::MAX => format!("a whole number from {least} on"),
            _ => format!("a whole number from {least} to {most}"),
        };
        match self.maybe::<u64>(field, &form)? {
            Some(number) if number < least || number > most => {
                Err(bad(field, format!("{form} is wanted, and is {number}")))
            }
            number => Ok(number),
        }
    }

    /// A whole number that must be there.
    pub(super) fn seq(&mut self, field: &str) -> Taken<u64> {
        let number = self.number(field, 0, u64::MAX)?;
        number.ok_or_else(|| bad(field, "it is missing: a whole number is wanted"))
    }

    /// A switch, off when it is left out.
    pub(super) fn switch(&mut self, field: &str) -> Taken<bool> {
        Ok(self.maybe(field, "true or false")?.unwrap_or(false))
    }

    /// Tags, as they are; an empty one is refused.
    pub(super) fn tags(&mut self) -> Taken<Vec<String>> {
        let tags: Vec<String> = self.maybe("tags", "a list of strings")?.unwrap_or_default();
        match tags.iter().any(String::is_empty) {
            true => Err(bad("tags", "a tag cannot be empty")),
            false => Ok(tags),
        }
    }

    /// Any JSON value, also null, which must be there.
    pub(super) fn json(&mut self, field: &str) -> Taken<&'a RawValue> {
        let value = self.0.remove(field);
        let value = value.ok_or_else(|| bad(field, "it is missing: any JSON value is wanted"))?;
        match crate::check_json(value.get().as_bytes()) {
            Ok(()) => Ok(value),
            Err(error) => Err(Bad {
                hint: error.hint().map(str::to_owned),
                ..bad(field, error.message())
            }),
        }
    }

    /// A moment, in ns since 1970.
    pub(super) fn moment(&mut self, field: &str) -> Taken<Option<u64>> {
        let form = "an age like 30m, or a time like 2026-01-02T03:04:05Z,";
        let text: Option<String> = self.maybe(field, form)?;
        text.map(|text| moment(&text).map_err(|refusal| bad(field, refusal.error.message())))
            .transpose()
    }

    /// A condition. It comes from outside: it may not call itself.
    pub(super) fn filter(&mut self, field: &str) -> Taken<Option<Filter>> {
        let text: Option<String> = self.maybe(field, "a jq expression, a string,")?;
        let strict = FilterOptions::new().no_recursion(true);
        text.map(|text| {
            Filter::with(&text, &strict).map_err(|error| Bad {
                hint: error.hint().map(str::to_owned),
                ..bad(field, error.message())
            })
        })
        .transpose()
    }

    /// Refuses what is left.
    pub(super) fn end(self) -> Taken<()> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(field) => Err(bad(&field, "this tool has no such argument")),
        }
    }
}
