//! JSON to Lite3 and back, on bytes alone.
#![allow(unsafe_code)]

use crate::call::call;
use crate::{raw, Buffer, Result};

/// Checks that a text is one JSON value that pools can keep.
///
/// # Errors
/// Usage, with the offset, for anything else.
pub fn check_json(json: &[u8]) -> Result<()> {
    // SAFETY: the bytes are readable for the call.
    call(|error| unsafe { raw::plsm_json_check(json.as_ptr(), json.len(), error) })?;
    Ok(())
}

/// Encodes a JSON text, whose root is an object or an array, as a Lite3 document.
///
/// ```
/// let document = plasmite_sdk::json_to_lite3(br#"{"b":1,"a":[true,null]}"#)?;
/// assert_eq!(plasmite_sdk::lite3_to_json(&document)?.text()?, r#"{"b":1,"a":[true,null]}"#);
/// # Ok::<(), plasmite_sdk::Error>(())
/// ```
///
/// # Errors
/// Usage for bytes that are not such a JSON text, and for values Lite3 cannot hold (integers above `i64`, keys
/// with NUL).
pub fn json_to_lite3(json: &[u8]) -> Result<Buffer> {
    // SAFETY: the bytes are readable for the call, the outputs are ours.
    Buffer::fill(|buffer, error| unsafe {
        raw::plsm_lite3_from_json(json.as_ptr(), json.len(), buffer, error)
    })
}

/// Writes a Lite3 document as compact JSON, keys in their order.
///
/// # Errors
/// Corrupt for bytes that are no document.
pub fn lite3_to_json(document: &[u8]) -> Result<Buffer> {
    // SAFETY: as above.
    Buffer::fill(|buffer, error| unsafe {
        raw::plsm_lite3_to_json(document.as_ptr(), document.len(), buffer, error)
    })
}

/// Checks a Lite3 document wholly.
///
/// # Errors
/// Corrupt, naming the offset, for bytes that are no document.
pub fn check_lite3(document: &[u8]) -> Result<()> {
    // SAFETY: as above.
    call(|error| unsafe { raw::plsm_lite3_check(document.as_ptr(), document.len(), error) })?;
    Ok(())
}
