//! Clients: a directory of pools or a server, and references looked up there.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};
use std::path::Path;

use plasmite_core::store;
use plasmite_core::Result;
use plasmite_remote::Settings;

use crate::backend::Client;
use crate::bytes::{give, plsm_buf, plsm_buf_t};
use crate::client_options::{plsm_client_options, plsm_client_options_t};
use crate::error::plsm_error_t;
use crate::guard::{status, truth, Out};
use crate::handle::{self, Opaque};
use crate::options;
use crate::text::str_in;

/// A directory of pools, or a server that has some. Touches no file and no network by itself.
pub struct plsm_client {
    _opaque: [u8; 0],
}

/// A directory of pools, or a server. See plsm_client.
pub type plsm_client_t = plsm_client;

impl Opaque for plsm_client {
    type Inner = Client;
    const MAGIC: u64 = 0x706c_736d_0001_c11e;
    const NAME: &'static str = "client handle";
}

/// Makes a client for a directory, which need not exist. NULL means $HOME/.plasmite/pools, "" the current
/// directory. `http://host:9700` or `https://host:9700` means a server: plain names are then pools of it.
/// Usage: HOME is needed but unset, or a bad argument. Free with plsm_client_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_client_new(
    pool_dir: *const c_char,
    out_client: *mut *mut plsm_client_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a pointer.
        let out = unsafe { Out::new(out_client, "out_client") }?;
        let dir = if pool_dir.is_null() {
            None
        } else {
            // SAFETY: not NULL, so a string by the call's contract.
            Some(unsafe { str_in(pool_dir, "pool_dir") }?)
        };
        let settings = Settings::new(&plasmite_remote::Options::default())?;
        out.set(handle::into_raw(Client::new(dir, settings)?));
        Ok(())
    })
}

/// As plsm_client_new, with options, which say what goes to servers; NULL means the defaults. Usage: options that
/// exclude each other, a token that cannot be one, or no certificate in the file. NotFound, Permission, Io: a
/// file cannot be read. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_client_new_with(
    options: *const plsm_client_options_t,
    out_client: *mut *mut plsm_client_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a pointer, and NULL or options of the size they say, whose texts
        // are strings.
        let (out, options) =
            unsafe { (Out::new(out_client, "out_client")?, options::read(options)?) };
        // SAFETY: as above.
        let (dir, settings) = unsafe { plsm_client_options::to_parts(options) }?;
        out.set(handle::into_raw(Client::new(dir, settings)?));
        Ok(())
    })
}

/// Frees a client. Pools opened through it live on. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_client_free(client: *mut plsm_client_t) {
    // SAFETY: the caller passes NULL or a client that no call uses.
    unsafe { handle::free(client) }
}

/// The directory of a client made with NULL, as text. Usage: HOME is unset. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_default_pool_dir(
    out_path: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer.
        let out = unsafe { Out::new(out_path, "out_path") }?;
        out.set(give_path(&store::default_pool_dir()?)?);
        Ok(())
    })
}

/// The directory of a client, or its server's address, as text. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_client_pool_dir(
    client: *mut plsm_client_t,
    out_path: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer, and a client handle.
        let (out, client) = unsafe { (Out::new(out_path, "out_path")?, handle::get(client)?) };
        out.set(give_path(client.home())?);
        Ok(())
    })
}

/// The file that a pool reference means. A reference with a "/" is a path as it stands; one that ends in
/// ".plasmite" is a file of that name in the client's directory; anything else is a pool name, to which
/// ".plasmite" is added. Usage: the empty name, or a pool of a server, which is no file here. The file need not
/// exist. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_resolve(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    out_path: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer.
        let out = unsafe { Out::new(out_path, "out_path") }?;
        // SAFETY: the caller passes a client handle and a string.
        let (client, reference) = unsafe { target(client, pool_ref) }?;
        out.set(give_path(&client.local(reference)?.resolve(reference)?)?);
        Ok(())
    })
}

/// Whether a pool is there: 1 or 0. Its file is not opened, so it may still turn out to be damaged. -1:
/// the system refused to look, or the server does not answer.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_exists(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes a client handle and a string.
        let (client, reference) = unsafe { target(client, pool_ref) }?;
        client.exists(reference)
    })
}

/// Deletes a pool. Processes that have it open learn of it: their next append, or the stream they wait on,
/// ends with NotFound. NotFound: no such pool. Busy: a writer held its lock for too long. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_delete(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes a client handle and a string.
        let (client, reference) = unsafe { target(client, pool_ref) }?;
        client.delete(reference)
    })
}

/// Checks the two arguments with which most calls begin.
///
/// # Safety
/// A client handle that lives for `'a`, and a NUL-terminated string that stays as it is for `'a`; or NULL.
pub(crate) unsafe fn target<'a>(
    client: *mut plsm_client,
    pool_ref: *const c_char,
) -> Result<(&'a Client, &'a str)> {
    // SAFETY: passed on.
    unsafe { Ok((handle::get(client)?, str_in(pool_ref, "pool_ref")?)) }
}

/// A path as text for C; bytes that are not UTF-8 are kept as they are.
pub(crate) fn give_path(path: &Path) -> Result<plsm_buf> {
    give(path.as_os_str().as_encoded_bytes())
}
