//! Sizes, bounds and layout of a pool.
#![allow(unsafe_code)]

use crate::call::call;
use crate::{raw, Pool, Result};

/// Which messages a pool holds. All zero when it holds none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The oldest seq.
    pub oldest: u64,
    /// The newest seq.
    pub newest: u64,
    /// How many there are. Of a pool as it is: seqs from the oldest to the newest, also those in between that a power cut
    /// took.
    pub count: u64,
}

impl From<raw::plsm_bounds_t> for Bounds {
    fn from(bounds: raw::plsm_bounds_t) -> Bounds {
        Bounds {
            oldest: bounds.oldest,
            newest: bounds.newest,
            count: bounds.count,
        }
    }
}

/// What is known about a pool. Sizes and offsets are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Whether it could be opened for reading only.
    pub read_only: bool,
    /// Size of the file.
    pub file_size: u64,
    /// Where the index begins.
    pub index_offset: u64,
    /// Its slots.
    pub index_capacity: u64,
    /// Its size.
    pub index_size_bytes: u64,
    /// Where the ring begins.
    pub ring_offset: u64,
    /// Its size.
    pub ring_size: u64,
    /// Which messages it holds.
    pub bounds: Bounds,
    /// How much of the ring holds messages.
    pub used_bytes: u64,
    /// The rest of the ring.
    pub free_bytes: u64,
    /// Time of the oldest message, in nanoseconds since 1970.
    pub oldest_time_ns: Option<u64>,
    /// Time of the newest message, in nanoseconds since 1970.
    pub newest_time_ns: Option<u64>,
    /// Raised by each recovery after a crash of the machine.
    pub generation: u64,
    /// The file format's version.
    pub format: u32,
    /// The pool's identity.
    pub id: [u8; 16],
}

impl From<&raw::plsm_pool_info_t> for Info {
    fn from(info: &raw::plsm_pool_info_t) -> Info {
        let filled = info.bounds.count != 0;
        Info {
            read_only: info.read_only != 0,
            file_size: info.file_size,
            index_offset: info.index_offset,
            index_capacity: info.index_capacity,
            index_size_bytes: info.index_size_bytes,
            ring_offset: info.ring_offset,
            ring_size: info.ring_size,
            bounds: info.bounds.into(),
            used_bytes: info.used_bytes,
            free_bytes: info.free_bytes,
            oldest_time_ns: filled.then_some(info.oldest_time_ns),
            newest_time_ns: filled.then_some(info.newest_time_ns),
            generation: info.generation,
            format: info.format,
            id: info.id,
        }
    }
}

impl Info {
    pub(crate) fn of(pool: &Pool) -> Result<Info> {
        let mut info = raw::plsm_pool_info_t {
            struct_size: size_of::<raw::plsm_pool_info_t>() as u32,
            ..Default::default()
        };
        // SAFETY: a live handle; a struct of the stated size, which is ours.
        call(|error| unsafe { raw::plsm_pool_info(pool.as_ptr(), &mut info, error) })?;
        Ok(Info::from(&info))
    }
}

/// Where a message lies in the pool's file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FramePlace {
    /// Its seq.
    pub seq: u64,
    /// Where its frame begins.
    pub offset: u64,
    /// The frame's size, with header and padding.
    pub len: u64,
}

/// How a pool's ring is filled at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// Position of the oldest frame, counted in bytes ever written.
    pub tail: u64,
    /// Position behind the newest frame.
    pub head: u64,
    /// The oldest frames, as many as were asked for.
    pub frames: Vec<FramePlace>,
}

impl Layout {
    pub(crate) fn of(pool: &Pool, limit: usize) -> Result<Layout> {
        // No more room than there are messages, whatever the caller's limit.
        let limit = limit.min(usize::try_from(pool.bounds()?.count).unwrap_or(usize::MAX));
        let mut places = vec![raw::plsm_frame_place_t::default(); limit];
        let mut layout = raw::plsm_layout_t::default();
        // SAFETY: a live handle, room for `limit` places; the outputs are ours.
        call(|error| unsafe {
            raw::plsm_pool_layout(
                pool.as_ptr(),
                places.as_mut_ptr(),
                limit,
                &mut layout,
                error,
            )
        })?;
        places.truncate(layout.frame_count as usize);
        let frames = places
            .iter()
            .map(|place| FramePlace {
                seq: place.seq,
                offset: place.offset,
                len: place.len,
            })
            .collect();
        Ok(Layout {
            tail: layout.tail,
            head: layout.head,
            frames,
        })
    }
}
