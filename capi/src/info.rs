//! What is known about a pool: settings, contents, bounds, and the layout of its ring.

#![allow(unsafe_code)]

use std::ffi::c_int;

use plasmite_core::store::{Bounds, Info};

use crate::bytes::{give_built, plsm_buf_t};
use crate::error::plsm_error_t;
use crate::guard::{check_pointer, status, Out};
use crate::options::{self, Versioned};
use crate::pool::{plsm_pool_t, pool_in};

/// Which messages a pool holds. All 0 when it holds none.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_bounds {
    /// The oldest message's seq.
    pub oldest: u64,
    /// The newest message's seq.
    pub newest: u64,
    /// How many messages. Of a pool as it is, in its bounds and info: seqs from the oldest to the newest, also those in
    /// between that a power cut took.
    pub count: u64,
}

/// Which messages a pool holds. See plsm_bounds.
pub type plsm_bounds_t = plsm_bounds;

impl From<&Bounds> for plsm_bounds {
    fn from(bounds: &Bounds) -> plsm_bounds {
        plsm_bounds {
            oldest: bounds.oldest,
            newest: bounds.newest,
            count: bounds.count,
        }
    }
}

/// Settings and contents of a pool. Sizes and offsets are in bytes. Set struct_size before the call, or
/// start from PLSM_POOL_INFO_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_pool_info {
    /// sizeof(plsm_pool_info_t), set by the caller.
    pub struct_size: u32,
    /// Whether the pool could be opened for reading only: 0 or 1.
    pub read_only: u32,
    /// Size of the file.
    pub file_size: u64,
    /// Where the index begins.
    pub index_offset: u64,
    /// How many messages the index can point at.
    pub index_capacity: u64,
    /// Size of the index.
    pub index_size_bytes: u64,
    /// Where the ring begins.
    pub ring_offset: u64,
    /// Size of the ring.
    pub ring_size: u64,
    /// Oldest and newest message, and how many there are.
    pub bounds: plsm_bounds_t,
    /// How much of the ring holds messages.
    pub used_bytes: u64,
    /// The rest of the ring.
    pub free_bytes: u64,
    /// Time of the oldest message, in ns since 1970; only when bounds.count is not 0.
    pub oldest_time_ns: u64,
    /// Time of the newest message, in ns since 1970; only when bounds.count is not 0.
    pub newest_time_ns: u64,
    /// Raised by each recovery after a crash of the machine.
    pub generation: u64,
    /// Version of the file format.
    pub format: u32,
    /// 0.
    pub reserved: u32,
    /// The pool's identity.
    pub id: [u8; 16],
}

/// Settings and contents of a pool. See plsm_pool_info.
pub type plsm_pool_info_t = plsm_pool_info;

// SAFETY: repr(C), integers only, starts with struct_size.
unsafe impl Versioned for plsm_pool_info {
    const FIRST_SIZE: usize = 144;
    const NAME: &'static str = "plsm_pool_info_t";
}

impl From<&Info> for plsm_pool_info {
    fn from(info: &Info) -> plsm_pool_info {
        plsm_pool_info {
            struct_size: size_of::<plsm_pool_info>() as u32,
            read_only: u32::from(info.read_only),
            file_size: info.file_size,
            index_offset: info.index_offset,
            index_capacity: info.index_capacity,
            index_size_bytes: info.index_size_bytes,
            ring_offset: info.ring_offset,
            ring_size: info.ring_size,
            bounds: (&info.bounds).into(),
            used_bytes: info.used_bytes,
            free_bytes: info.free_bytes,
            oldest_time_ns: info.oldest_time_ns.unwrap_or(0),
            newest_time_ns: info.newest_time_ns.unwrap_or(0),
            generation: info.generation,
            format: info.format,
            reserved: 0,
            id: info.id,
        }
    }
}

/// Tells settings and contents of a pool, in a struct whose struct_size the caller has set. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_info(
    pool: *mut plsm_pool_t,
    out_info: *mut plsm_pool_info_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a struct of the size it says, and a pool handle.
        let (out, pool) = unsafe { (options::answer_in(out_info, "out_info")?, pool_in(pool)?) };
        out.set(&(&pool.info()?).into());
        Ok(())
    })
}

/// As plsm_pool_info, as one compact JSON object: the one that `pool info --json` prints; with plsm_pool_writers and
/// plsm_pool_warnings. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_info_json(
    pool: *mut plsm_pool_t,
    out_json: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer, and a pool handle.
        let (out, pool) = unsafe { (Out::new(out_json, "out_json")?, pool_in(pool)?) };
        out.set(give_built(|json| pool.write_info_json(json))?);
        Ok(())
    })
}

/// Tells which messages the pool holds; cheap. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_bounds(
    pool: *mut plsm_pool_t,
    out_bounds: *mut plsm_bounds_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for the bounds, and a pool handle.
        let (out, pool) = unsafe { (Out::new(out_bounds, "out_bounds")?, pool_in(pool)?) };
        out.set((&pool.bounds()?).into());
        Ok(())
    })
}

/// Tells how many processes write to the pool: they have appended, or tried to, since they opened it, and have not
/// closed it. This one counts as well; the first 1000 are counted. 0 or -1: Io.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_writers(
    pool: *mut plsm_pool_t,
    out_writers: *mut u32,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for the number, and a pool handle.
        let (out, pool) = unsafe { (Out::new(out_writers, "out_writers")?, pool_in(pool)?) };
        out.set(pool.writers()?);
        Ok(())
    })
}

/// Tells what is odd about a pool that works: `out_text` gets a sentence a line, each line ended by a newline, to be
/// freed with plsm_buf_free. Found out from the control page and a sample of the index; plsm_doctor_open looks at
/// everything. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_warnings(
    pool: *mut plsm_pool_t,
    out_text: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer, and a pool handle.
        let (out, pool) = unsafe { (Out::new(out_text, "out_text")?, pool_in(pool)?) };
        out.set(give_built(|text| {
            for warning in pool.warnings()? {
                text.extend_from_slice(warning.as_bytes());
                text.push(b'\n');
            }
            Ok(())
        })?);
        Ok(())
    })
}

/// Where a message stands in the pool's file.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_frame_place {
    /// The message's seq.
    pub seq: u64,
    /// Where its frame begins in the file.
    pub offset: u64,
    /// Size of its frame in bytes, with header and padding.
    pub len: u64,
}

/// Where a message stands in the pool's file. See plsm_frame_place.
pub type plsm_frame_place_t = plsm_frame_place;

/// The ring of a pool at one moment. Positions count the bytes ever written: the place in the ring is the
/// position modulo the ring's size.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_layout {
    /// Position of the oldest message's frame.
    pub tail: u64,
    /// Position behind the newest message's frame.
    pub head: u64,
    /// How many frames the call wrote.
    pub frame_count: u64,
    /// 0.
    pub reserved: u64,
}

/// The ring of a pool at one moment. See plsm_layout.
pub type plsm_layout_t = plsm_layout;

/// Tells how the ring is filled: the oldest `cap` messages go to `out_frames` (NULL is fine when `cap` is
/// 0), the ring's ends and the number of frames written to `out_layout`. Usage: a pool of a server. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_layout(
    pool: *mut plsm_pool_t,
    out_frames: *mut plsm_frame_place_t,
    cap: usize,
    out_layout: *mut plsm_layout_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for the layout, and a pool handle.
        let (out, pool) = unsafe { (Out::new(out_layout, "out_layout")?, pool_in(pool)?.local()?) };
        if cap != 0 {
            check_pointer(out_frames, "out_frames")?;
        }
        let layout = pool.layout(cap)?;
        for (index, frame) in layout.frames.iter().take(cap).enumerate() {
            let place = plsm_frame_place {
                seq: frame.seq,
                offset: frame.offset,
                len: frame.len,
            };
            // SAFETY: `index` is below `cap`, for which the caller has made room.
            unsafe { out_frames.add(index).write(place) };
        }
        out.set(plsm_layout {
            tail: layout.tail,
            head: layout.head,
            frame_count: layout.frames.len().min(cap) as u64,
            reserved: 0,
        });
        Ok(())
    })
}
