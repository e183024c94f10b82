//! Pool handles: create, ensure, open, free, and what a handle knows about itself.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, CString};
use std::sync::OnceLock;

use plasmite_core::store::{OpenOptions, PoolOptions};
use plasmite_core::Result;

use crate::backend::{Client, Pool};
use crate::client::{plsm_client_t, target};
use crate::error::plsm_error_t;
use crate::guard::{plain, status, truth, Out};
use crate::handle::{self, Opaque};
use crate::options::{self, Versioned};
use crate::text::c_string;

/// An open pool.
pub struct plsm_pool {
    _opaque: [u8; 0],
}

/// An open pool. See plsm_pool.
pub type plsm_pool_t = plsm_pool;

/// A pool and the texts about it that C may borrow, made when first asked for.
pub struct OpenPool {
    pub(crate) pool: Pool,
    name: OnceLock<CString>,
    path: OnceLock<CString>,
}

impl Opaque for plsm_pool {
    type Inner = OpenPool;
    const MAGIC: u64 = 0x706c_736d_0002_b001;
    const NAME: &'static str = "pool handle";
}

fn hand_out(pool: Pool) -> *mut plsm_pool {
    handle::into_raw(OpenPool {
        pool,
        name: OnceLock::new(),
        path: OnceLock::new(),
    })
}

/// Borrows the pool behind a handle.
///
/// # Safety
/// As for [`handle::get`].
#[inline(always)]
pub(crate) unsafe fn pool_in<'a>(pool: *const plsm_pool) -> Result<&'a Pool> {
    // SAFETY: passed on.
    Ok(&unsafe { handle::get(pool) }?.pool)
}

/// How a pool is created. Zero it and set struct_size, or start from PLSM_POOL_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_pool_options {
    /// sizeof(plsm_pool_options_t).
    pub struct_size: u32,
    /// Whether index_capacity counts.
    pub has_index_capacity: u32,
    /// The exact size of the file in bytes; 0 means 1048576.
    pub size_bytes: u64,
    /// How many messages the index can point at; 0 means no index. Without it, as many as the default
    /// needs.
    pub index_capacity: u32,
    /// The mode of the file, less the umask; 0 means 0600.
    pub file_mode: u32,
}

/// How a pool is created. See plsm_pool_options.
pub type plsm_pool_options_t = plsm_pool_options;

// SAFETY: repr(C), integers only, starts with struct_size.
unsafe impl Versioned for plsm_pool_options {
    const FIRST_SIZE: usize = 24;
    const NAME: &'static str = "plsm_pool_options_t";
}

impl plsm_pool_options {
    pub(crate) fn to_core(self) -> PoolOptions {
        PoolOptions {
            size: self.size_bytes,
            index_capacity: (self.has_index_capacity != 0).then_some(self.index_capacity),
            file_mode: (self.file_mode != 0).then_some(self.file_mode),
            ..PoolOptions::default()
        }
    }
}

/// Open the pool for reading only. Also what happens by itself where writing is not permitted.
pub const PLSM_OPEN_READ_ONLY: u32 = 1;

/// How a pool is opened. Zero it and set struct_size, or start from PLSM_OPEN_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_open_options {
    /// sizeof(plsm_open_options_t).
    pub struct_size: u32,
    /// PLSM_OPEN_READ_ONLY or 0.
    pub flags: u32,
}

/// How a pool is opened. See plsm_open_options.
pub type plsm_open_options_t = plsm_open_options;

// SAFETY: repr(C), integers only, starts with struct_size.
unsafe impl Versioned for plsm_open_options {
    const FIRST_SIZE: usize = 8;
    const NAME: &'static str = "plsm_open_options_t";
}

/// Creates a pool and opens it; as every reference, its may be the address of a pool of a server
/// (`http://host:9700/events`). The file is exactly `size_bytes` long (0 means 1048576) and never grows;
/// its blocks are reserved now, so that a full disk is an error here. Missing directories are created.
/// AlreadyExists: the pool is there. Usage: too small (the message names the least). Permission, Io: as the
/// system says. Io: a file system through which its users would not share memory (of a network, or of a host
/// below a virtual machine), unless PLASMITE_ANY_FILE_SYSTEM=1 is in the environment. A call that fails leaves
/// no pool. Free with plsm_pool_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_create(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    size_bytes: u64,
    out_pool: *mut *mut plsm_pool_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        let options = PoolOptions {
            size: size_bytes,
            ..PoolOptions::default()
        };
        // SAFETY: the caller passes what `hand_out_from` wants.
        unsafe {
            hand_out_from(client, pool_ref, out_pool, |client, name| {
                client.create(name, &options)
            })
        }
    })
}

/// As plsm_pool_create, with options; NULL means the defaults. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_create_with(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    options: *const plsm_pool_options_t,
    out_pool: *mut *mut plsm_pool_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or options of the size they say.
        let options = unsafe { options::read(options) }?.to_core();
        // SAFETY: the caller passes what `hand_out_from` wants.
        unsafe {
            hand_out_from(client, pool_ref, out_pool, |client, name| {
                client.create(name, &options)
            })
        }
    })
}

/// Opens a pool, creating it first when it is not there; of many callers at once exactly one creates it.
/// `out_created` may be NULL; it gets 1 for that caller and 0 for the others. The options apply to creation
/// only. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_ensure(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    options: *const plsm_pool_options_t,
    out_pool: *mut *mut plsm_pool_t,
    out_created: *mut u32,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or options of the size they say, and NULL or a place for a number.
        let (options, created) = unsafe {
            (
                options::read(options)?.to_core(),
                Out::optional(out_created, "out_created")?,
            )
        };
        let ensure = |client: &Client, name: &str| {
            let (pool, is_new) = client.ensure(name, &options)?;
            if let Some(created) = created {
                created.set(u32::from(is_new));
            }
            Ok(pool)
        };
        // SAFETY: the caller passes what `hand_out_from` wants.
        unsafe { hand_out_from(client, pool_ref, out_pool, ensure) }
    })
}

/// Opens a pool: for reading and writing, or, where writing is not permitted, for reading only. NotFound:
/// no such pool. Corrupt: the file is damaged or no pool. Usage: its format is older or newer than the
/// library knows. Io: as for plsm_pool_create; also a disk error. Permission: also a symbolic link of another
/// user, in a directory in which everybody may put one. Free with plsm_pool_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_open(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    out_pool: *mut *mut plsm_pool_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    // SAFETY: the same contract; NULL options are the defaults.
    unsafe { plsm_pool_open_with(client, pool_ref, std::ptr::null(), out_pool, out_err) }
}

/// As plsm_pool_open, with options; NULL means the defaults. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_open_with(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    options: *const plsm_open_options_t,
    out_pool: *mut *mut plsm_pool_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or options of the size they say.
        let options = unsafe { options::read(options) }?;
        options::check_flags(options.flags, PLSM_OPEN_READ_ONLY, plsm_open_options::NAME)?;
        let options = OpenOptions {
            read_only: options.flags & PLSM_OPEN_READ_ONLY != 0,
        };
        // SAFETY: the caller passes what `hand_out_from` wants.
        unsafe {
            hand_out_from(client, pool_ref, out_pool, |client, name| {
                client.open(name, &options)
            })
        }
    })
}

/// Checks the arguments, makes a pool, and hands it out.
///
/// # Safety
/// As for [`target`], and `out_pool` is NULL or a place for a pointer.
unsafe fn hand_out_from(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    out_pool: *mut *mut plsm_pool,
    make: impl FnOnce(&Client, &str) -> Result<Pool>,
) -> Result<()> {
    // SAFETY: passed on.
    let (out, (client, name)) =
        unsafe { (Out::new(out_pool, "out_pool")?, target(client, pool_ref)?) };
    out.set(hand_out(make(client, name)?));
    Ok(())
}

/// Frees a pool handle. Streams and messages that came from it live on; views read in place do not. NULL is
/// fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_free(pool: *mut plsm_pool_t) {
    // SAFETY: the caller passes NULL or a pool that no call uses.
    unsafe { handle::free(pool) }
}

/// The pool's name: the reference by which it was opened, without the address of its server. Borrowed from the handle; NULL for a bad handle.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_name(pool: *mut plsm_pool_t) -> *const c_char {
    plain(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a pool handle.
        let Ok(open) = (unsafe { handle::get(pool) }) else {
            return std::ptr::null();
        };
        open.name
            .get_or_init(|| c_string(open.pool.name()))
            .as_ptr()
    })
}

/// The path by which the pool was opened; of a pool of a server, its address. Borrowed from the handle; NULL for a bad
/// handle.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_path(pool: *mut plsm_pool_t) -> *const c_char {
    plain(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a pool handle.
        let Ok(open) = (unsafe { handle::get(pool) }) else {
            return std::ptr::null();
        };
        let make =
            || CString::new(open.pool.path().as_os_str().as_encoded_bytes()).unwrap_or_default();
        open.path.get_or_init(make).as_ptr()
    })
}

/// The pool's identity, drawn at random when it was created: 16 bytes. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_id(
    pool: *mut plsm_pool_t,
    out_id: *mut u8,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for 16 bytes (alignment 1), and a pool handle.
        let (out, pool) = unsafe {
            (
                Out::new(out_id.cast::<[u8; 16]>(), "out_id")?,
                pool_in(pool)?,
            )
        };
        out.set(pool.id()?);
        Ok(())
    })
}

/// The pool's generation: raised by each recovery after a crash of the machine that may have lost unflushed
/// messages. 0 for a bad handle.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_generation(pool: *mut plsm_pool_t) -> u64 {
    plain(0, || {
        // SAFETY: the caller passes NULL or a pool handle.
        unsafe { pool_in(pool) }.map_or(0, |pool| pool.generation())
    })
}

/// Whether the pool is open for reading only: 1 or 0; 0 for a bad handle.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_is_read_only(pool: *mut plsm_pool_t) -> u32 {
    plain(0, || {
        // SAFETY: the caller passes NULL or a pool handle.
        unsafe { pool_in(pool) }.map_or(0, |pool| u32::from(pool.is_read_only()))
    })
}

/// Whether the pool's path still leads to this pool: 1, or 0 when it was deleted or replaced. -1: the
/// system refused to look.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_is_current(
    pool: *mut plsm_pool_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    // SAFETY: the caller passes NULL or a pool handle.
    truth(out_err, || unsafe { pool_in(pool) }?.is_current())
}
