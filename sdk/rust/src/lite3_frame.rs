//! A message as a Lite3 document.
#![allow(unsafe_code)]

use crate::call::call;
use crate::time::from_ns;
use crate::{raw, Buffer, Pool, Result};
use std::time::SystemTime;

/// A message as a Lite3 document, `{"meta":{"tags":[…]},"data":…}`: one that was appended as such, byte for byte.
#[derive(Debug)]
#[non_exhaustive]
pub struct Lite3Frame {
    /// Its sequence number.
    pub seq: u64,
    /// Its time, in nanoseconds since 1970.
    pub time_ns: u64,
    /// 0 for an ordinary message.
    pub flags: u32,
    /// The document.
    pub payload: Buffer,
}

impl Lite3Frame {
    pub(crate) fn get(pool: &Pool, seq: u64) -> Result<Lite3Frame> {
        let mut frame = raw::plsm_lite3_frame_t::default();
        // SAFETY: a live handle; the outputs are ours.
        call(|error| unsafe { raw::plsm_pool_get_lite3(pool.as_ptr(), seq, &mut frame, error) })?;
        Ok(Lite3Frame {
            seq: frame.seq,
            time_ns: frame.timestamp_ns,
            flags: frame.flags,
            // Freeing a frame frees its buffer and nothing else, so the buffer may go its own way.
            payload: Buffer::adopt(frame.payload),
        })
    }

    /// Its time.
    pub fn time(&self) -> SystemTime {
        from_ns(self.time_ns)
    }
}
