//! The pools of a directory, as a snapshot to walk through or as JSON.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, CString};

use plasmite_core::store::{self, ListEntry};
use plasmite_core::Error;

use crate::bytes::{give_built, plsm_buf_t};
use crate::client::plsm_client_t;
use crate::error::{plsm_error_t, ErrorObject};
use crate::guard::{plain, status, Out};
use crate::handle::{self, Opaque};
use crate::info::{plsm_pool_info, plsm_pool_info_t};
use crate::options::{self, Versioned};
use crate::text::c_string;

/// The pools of a directory at one moment.
pub struct plsm_pool_list {
    _opaque: [u8; 0],
}

/// The pools of a directory at one moment. See plsm_pool_list.
pub type plsm_pool_list_t = plsm_pool_list;

impl Opaque for plsm_pool_list {
    type Inner = PoolList;
    const MAGIC: u64 = 0x706c_736d_0003_1157;
    const NAME: &'static str = "pool list";
}

/// The entries in the form in which C borrows them.
pub struct PoolList(Vec<Row>);

struct Row {
    name: CString,
    path: CString,
    modified_ns: Option<u64>,
    found: Result<Box<plsm_pool_info>, Box<ErrorObject>>,
}

impl From<ListEntry> for Row {
    fn from(entry: ListEntry) -> Row {
        Row {
            name: c_string(&entry.name),
            path: CString::new(entry.path.as_os_str().as_encoded_bytes()).unwrap_or_default(),
            modified_ns: entry.modified_ns,
            found: match &entry.info {
                Ok(info) => Ok(Box::new(info.into())),
                Err(error) => Err(ErrorObject::new(error, true)),
            },
        }
    }
}

/// One pool of a list. Everything it points to is borrowed from the list. Set struct_size before the call,
/// or start from PLSM_LIST_ENTRY_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_list_entry {
    /// sizeof(plsm_list_entry_t), set by the caller.
    pub struct_size: u32,
    /// Whether mtime_ns counts: 0 or 1.
    pub has_mtime: u32,
    /// When the pool was last changed, in ns since 1970: the file according to the file system, or the newest message if
    /// that is later.
    pub mtime_ns: u64,
    /// The pool's name.
    pub name: *const c_char,
    /// The path of its file.
    pub path: *const c_char,
    /// Its settings and contents, or NULL when it could not be read.
    pub info: *const plsm_pool_info_t,
    /// Why it could not be read, or NULL.
    pub error: *const plsm_error_t,
}

/// One pool of a list. See plsm_list_entry.
pub type plsm_list_entry_t = plsm_list_entry;

// SAFETY: repr(C), integers and pointers only, starts with struct_size.
unsafe impl Versioned for plsm_list_entry {
    const FIRST_SIZE: usize = 48;
    const NAME: &'static str = "plsm_list_entry_t";
}

/// Lists the pools of the client's directory or server, sorted by name. A directory that is not there has none; a
/// pool that cannot be read is an entry with its error. Free with plsm_pool_list_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_list_open(
    client: *mut plsm_client_t,
    out_list: *mut *mut plsm_pool_list_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a pointer, and a client handle.
        let (out, client) = unsafe { (Out::new(out_list, "out_list")?, handle::get(client)?) };
        let rows = client.list()?.into_iter().map(Row::from).collect();
        out.set(handle::into_raw(PoolList(rows)));
        Ok(())
    })
}

/// How many entries a list has; 0 for a bad handle.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_list_count(list: *const plsm_pool_list_t) -> usize {
    plain(0, || {
        // SAFETY: the caller passes NULL or a list.
        unsafe { handle::get(list) }.map_or(0, |list| list.0.len())
    })
}

/// Tells one entry of a list, counted from 0, in a struct whose struct_size the caller has set. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_list_entry(
    list: *const plsm_pool_list_t,
    index: usize,
    out_entry: *mut plsm_list_entry_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a struct of the size it says, and a list.
        let (out, list) = unsafe {
            (
                options::answer_in(out_entry, "out_entry")?,
                handle::get(list)?,
            )
        };
        let count = list.0.len();
        let row = list.0.get(index).ok_or_else(|| {
            Error::usage(format!(
                "there is no entry {index} in a list of {count} pools"
            ))
        })?;
        out.set(&plsm_list_entry {
            struct_size: 0,
            has_mtime: u32::from(row.modified_ns.is_some()),
            mtime_ns: row.modified_ns.unwrap_or(0),
            name: row.name.as_ptr(),
            path: row.path.as_ptr(),
            info: row
                .found
                .as_ref()
                .map_or(std::ptr::null(), |info| std::ptr::from_ref(&**info)),
            error: row
                .found
                .as_ref()
                .err()
                .map_or(std::ptr::null(), |error| error.as_public()),
        });
        Ok(())
    })
}

/// Frees a list with everything borrowed from it. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_list_free(list: *mut plsm_pool_list_t) {
    // SAFETY: the caller passes NULL or a list that no call uses.
    unsafe { handle::free(list) }
}

/// The pools of the client's directory or server as one compact JSON object, `{"pools":[...]}`: the one that `pool
/// list --json` prints. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_list_json(
    client: *mut plsm_client_t,
    out_json: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer, and a client handle.
        let (out, client) = unsafe { (Out::new(out_json, "out_json")?, handle::get(client)?) };
        let entries = client.list()?;
        out.set(give_built(|json| {
            store::write_list_json(&entries, json);
            Ok(())
        })?);
        Ok(())
    })
}
