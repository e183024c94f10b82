//! A message of one's own.

use crate::time::from_ns;
use crate::{Error, ErrorKind, Part, Result, View};
use std::time::SystemTime;

/// A message, copied out of its pool: keep it, send it to other threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    seq: u64,
    time_ns: u64,
    tags: Vec<String>,
    json: String,
    /// Where `data` starts in `json`; it ends before the last byte.
    data_at: usize,
}

impl Message {
    /// Copies what a view shows.
    ///
    /// # Errors
    /// RetentionGap for a view in place whose message was overwritten meanwhile.
    pub fn copy(view: &View<'_>) -> Result<Message> {
        const BEFORE_DATA: &str = ",\"data\":";
        let mut json = Vec::new();
        view.write_json(Part::Envelope, &mut json)?;
        let tags = view.tags()?;
        if !view.is_valid() {
            return Err(view.overwritten());
        }
        let wrong = || {
            Error::new(
                ErrorKind::Internal,
                "the library gave a message without data",
            )
        };
        let json = String::from_utf8(json).map_err(|_| wrong())?;
        // Before `data` quotes only occur escaped, or as JSON's own: this cannot be found inside a tag.
        let data_at = json.find(BEFORE_DATA).ok_or_else(wrong)? + BEFORE_DATA.len();
        Ok(Message {
            seq: view.seq(),
            time_ns: view.time_ns(),
            tags,
            json,
            data_at,
        })
    }

    /// Its sequence number: from 1, without holes.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Its time in nanoseconds since 1970.
    pub fn time_ns(&self) -> u64 {
        self.time_ns
    }

    /// Its time.
    pub fn time(&self) -> SystemTime {
        from_ns(self.time_ns)
    }

    /// Its tags, in the writer's order.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// The whole message as compact JSON: `{"seq":…,"time":…,"meta":{"tags":[…]},"data":…}`.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Its `data` as compact JSON.
    pub fn data_json(&self) -> &str {
        &self.json[self.data_at..self.json.len() - 1]
    }

    /// Its `data` as a value of your type.
    ///
    /// # Errors
    /// Usage when `data` does not have that form, or in a debug build nests more than 127 levels deep.
    #[cfg(feature = "serde")]
    pub fn data<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T> {
        let text = serde_json::de::StrRead::new(self.data_json());
        crate::json_text::read(text).map_err(|error| {
            Error::new(
                ErrorKind::Usage,
                format!("the data of message {} has another form: {error}", self.seq),
            )
        })
    }
}
