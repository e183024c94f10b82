//! What a message must be beyond its checksum: tags, signature, payload.

use super::Finding;
use crate::error::{Error, Result};
use crate::format::frame::Header;
use crate::json;
use crate::lite3;
use crate::message::{document, tags, Encoding};

/// Proves the tags and the payload of a frame whose checksum is right. A writer may store payloads that
/// it has not proven (`append` of Lite3 at full speed), so that a good checksum alone says little.
pub(super) fn check(
    header: &Header,
    payload: &[u8],
    block: &[u8],
) -> std::result::Result<(), (Finding, Error)> {
    let Some(encoding) = Encoding::from_number(header.encoding()) else {
        return Err((Finding::Encoding, Error::corrupt("unknown encoding")));
    };
    let mut signature = 0;
    for tag in tags::iter(block) {
        let tag = tag.map_err(|error| (Finding::Tags, error))?;
        signature |= tags::signature_of(tag.as_bytes());
    }
    if signature != header.signature {
        let error = Error::corrupt("the signature is not that of the tags");
        return Err((Finding::Signature, error));
    }
    match encoding {
        Encoding::Lite3Data => lite3::check(payload).map_err(|error| (Finding::Payload, error)),
        Encoding::JsonText => json::validate(payload).map_err(|fault| {
            let error = Error::corrupt(format!("its text is not JSON: {}", fault.message()));
            (Finding::Payload, error)
        }),
        Encoding::Lite3Document => {
            let parts = document::split(payload).map_err(|error| (Finding::Payload, error))?;
            let same = tags::iter(block).collect::<Result<Vec<_>>>();
            if same.is_ok_and(|beside| beside == parts.tags) {
                return Ok(());
            }
            let error = Error::corrupt("the tags are not those of the document");
            Err((Finding::Tags, error))
        }
    }
}
