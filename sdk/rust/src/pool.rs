//! A pool: append to it, read it, follow it.
#![allow(unsafe_code)]

use crate::call::call;
use crate::error::{borrowed_path, borrowed_text};
#[cfg(feature = "serde")]
use crate::json_text;
use crate::{
    raw, AppendOptions, BatchItem, Bounds, Buffer, Error, Info, Layout, Lite3Frame, Message,
    Receipt, Reservation, Result, Stream, TailOptions, View,
};
use std::ffi::c_int;
use std::path::Path;
use std::ptr::{self, NonNull};

/// An open pool. Any number of threads may use one handle at once, readers never wait for writers.
///
/// Of a pool of a server every call is a request; only what needs the file or its memory is Usage: views and streams in place,
/// reservations, [`Pool::layout`].
#[doc(alias = "RemotePool")]
#[derive(Debug)]
pub struct Pool(NonNull<raw::plsm_pool_t>);

// SAFETY: the library's handles may be used from any thread, by several at once.
unsafe impl Send for Pool {}
// SAFETY: as above.
unsafe impl Sync for Pool {}

impl Pool {
    pub(crate) fn adopt(
        open: impl FnOnce(*mut *mut raw::plsm_pool_t, *mut *mut raw::plsm_error_t) -> c_int,
    ) -> Result<Pool> {
        let mut pool = ptr::null_mut();
        call(|error| open(&mut pool, error))?;
        NonNull::new(pool)
            .map(Pool)
            .ok_or_else(|| Error::take(ptr::null_mut()))
    }

    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut raw::plsm_pool_t {
        self.0.as_ptr()
    }

    /// The reference by which it was opened, without the address of its server.
    pub fn name(&self) -> &str {
        // SAFETY: a live handle; the text lives as long as it does, which the result borrows.
        unsafe { borrowed_text(raw::plsm_pool_name(self.as_ptr())) }
    }

    /// The path of its file.
    pub fn path(&self) -> &Path {
        // SAFETY: as above.
        unsafe { borrowed_path(raw::plsm_pool_path(self.as_ptr())) }
    }

    /// Its identity: 16 random bytes from its creation.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn id(&self) -> Result<[u8; 16]> {
        let mut id = [0; 16];
        // SAFETY: a live handle, room for 16 bytes.
        call(|error| unsafe { raw::plsm_pool_id(self.as_ptr(), id.as_mut_ptr(), error) })?;
        Ok(id)
    }

    /// How often it was recovered after the machine died: a changed generation tells a reader that messages it
    /// saw may be gone.
    pub fn generation(&self) -> u64 {
        // SAFETY: a live handle.
        unsafe { raw::plsm_pool_generation(self.as_ptr()) }
    }

    /// Whether it can only be read.
    pub fn is_read_only(&self) -> bool {
        // SAFETY: a live handle.
        unsafe { raw::plsm_pool_is_read_only(self.as_ptr()) != 0 }
    }

    /// Whether its path still names this pool: false after it was deleted or replaced.
    ///
    /// # Errors
    /// Io when that cannot be told.
    pub fn is_current(&self) -> Result<bool> {
        // SAFETY: a live handle.
        Ok(call(|error| unsafe { raw::plsm_pool_is_current(self.as_ptr(), error) })? == 1)
    }

    /// Sizes, bounds and use.
    ///
    /// # Errors
    /// Corrupt for a damaged pool.
    pub fn info(&self) -> Result<Info> {
        Info::of(self)
    }

    /// The same as JSON.
    ///
    /// # Errors
    /// As [`Pool::info`].
    pub fn info_json(&self) -> Result<Buffer> {
        // SAFETY: a live handle; the outputs are ours.
        Buffer::fill(|buffer, error| unsafe {
            raw::plsm_pool_info_json(self.as_ptr(), buffer, error)
        })
    }

    /// How many processes write to it: they have appended, or tried to, since they opened it, and have not closed it. This
    /// one counts as well; the first 1000 are counted.
    ///
    /// # Errors
    /// Io when the system does not tell.
    pub fn writers(&self) -> Result<u32> {
        let mut writers = 0;
        // SAFETY: a live handle; the output is ours.
        call(|error| unsafe { raw::plsm_pool_writers(self.as_ptr(), &mut writers, error) })?;
        Ok(writers)
    }

    /// What is odd about it although it works, a sentence each: from the control page and a sample of the index. A
    /// [`Doctor`](crate::Doctor) looks at everything.
    ///
    /// # Errors
    /// As [`Pool::info`].
    pub fn warnings(&self) -> Result<Vec<String>> {
        // SAFETY: a live handle; the outputs are ours.
        let text = Buffer::fill(|buffer, error| unsafe {
            raw::plsm_pool_warnings(self.as_ptr(), buffer, error)
        })?;
        Ok(String::from_utf8_lossy(&text)
            .lines()
            .map(str::to_owned)
            .collect())
    }

    /// The oldest and newest seq, cheaply.
    ///
    /// # Errors
    /// As [`Pool::info`].
    pub fn bounds(&self) -> Result<Bounds> {
        let mut bounds = raw::plsm_bounds_t::default();
        // SAFETY: as above.
        call(|error| unsafe { raw::plsm_pool_bounds(self.as_ptr(), &mut bounds, error) })?;
        Ok(bounds.into())
    }

    /// Where its messages lie in the file: at most `limit` of them, oldest first.
    ///
    /// # Errors
    /// As [`Pool::info`].
    pub fn layout(&self, limit: usize) -> Result<Layout> {
        Layout::of(self, limit)
    }

    /// Appends a JSON value of any type, given as text. No allocation, no copy but the one into the pool.
    ///
    /// # Errors
    /// Usage for bytes that are not one JSON value, a message too large for the pool, or a time that no message can
    /// have; Busy when other writers held the lock too long; NotFound when the pool was deleted or replaced; Permission;
    /// Io.
    #[inline]
    pub fn append(&self, json: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        let options = options.raw()?;
        let mut receipt = raw::plsm_receipt_t::default();
        // SAFETY: a live handle, readable bytes, options that live for the call; the outputs are ours.
        call(|error| unsafe {
            raw::plsm_pool_append(
                self.as_ptr(),
                json.as_ptr(),
                json.len(),
                &options,
                &mut receipt,
                error,
            )
        })?;
        Ok(receipt.into())
    }

    /// As [`Pool::append`], and also gives the whole message as JSON, made of what was written.
    ///
    /// # Errors
    /// As [`Pool::append`].
    pub fn append_envelope(
        &self,
        json: &[u8],
        options: &AppendOptions<'_>,
    ) -> Result<(Receipt, Buffer)> {
        let options = options.raw()?;
        let mut receipt = raw::plsm_receipt_t::default();
        // SAFETY: as above.
        let message = Buffer::fill(|message, error| unsafe {
            raw::plsm_pool_append_envelope(
                self.as_ptr(),
                json.as_ptr(),
                json.len(),
                &options,
                &mut receipt,
                message,
                error,
            )
        })?;
        Ok((receipt.into(), message))
    }

    /// Appends a value of your own type.
    ///
    /// # Errors
    /// Usage when it cannot be written as JSON, as a map whose keys are no texts, or a float that is infinite or not a
    /// number; otherwise as [`Pool::append`].
    #[cfg(feature = "serde")]
    pub fn append_value<T: serde::Serialize + ?Sized>(
        &self,
        value: &T,
        options: &AppendOptions<'_>,
    ) -> Result<Receipt> {
        json_text::with(|text| {
            json_text::write(value, text)?;
            self.append(text, options)
        })
    }

    /// Appends values of your own type under one lock and one flush: all of them or none. An append costs about half
    /// of a single one's.
    ///
    /// # Errors
    /// As [`Pool::append_value`]; the message names the item.
    #[cfg(feature = "serde")]
    pub fn append_values<T: serde::Serialize>(
        &self,
        values: impl IntoIterator<Item = T>,
        options: &AppendOptions<'_>,
    ) -> Result<Vec<Receipt>> {
        json_text::with(|text| {
            let mut ends = Vec::new();
            for value in values {
                json_text::write(&value, text).map_err(|error| error.of_item(ends.len()))?;
                ends.push(text.len());
            }
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let items: Vec<_> = starts
                .zip(&ends)
                .map(|(start, end)| BatchItem::json(&text[start..*end]))
                .collect();
            self.append_batch(&items, options)
        })
    }

    /// Appends `data` given as a Lite3 document; only its frame is checked unless
    /// [`AppendOptions::check_fully`] asks for more.
    ///
    /// # Errors
    /// Corrupt for bytes that cannot be a document; otherwise as [`Pool::append`].
    #[inline]
    pub fn append_data(&self, data: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        let options = options.raw()?;
        let mut receipt = raw::plsm_receipt_t::default();
        // SAFETY: as above.
        call(|error| unsafe {
            raw::plsm_pool_append_data(
                self.as_ptr(),
                data.as_ptr(),
                data.len(),
                &options,
                &mut receipt,
                error,
            )
        })?;
        Ok(receipt.into())
    }

    /// Appends a whole message given as a Lite3 document, `{"meta":{"tags":[…]},"data":…}`, byte for byte. The
    /// options must carry no tags.
    ///
    /// # Errors
    /// As [`Pool::append_data`].
    pub fn append_document(&self, document: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        let options = options.raw()?;
        let mut receipt = raw::plsm_receipt_t::default();
        // SAFETY: as above.
        call(|error| unsafe {
            let (bytes, len) = (document.as_ptr(), document.len());
            raw::plsm_pool_append_document(self.as_ptr(), bytes, len, &options, &mut receipt, error)
        })?;
        Ok(receipt.into())
    }

    /// Appends many messages under one lock and one flush: all of them or none. The options' tags go on each.
    ///
    /// # Errors
    /// As the single appends; the message names the item.
    pub fn append_batch(
        &self,
        items: &[BatchItem<'_>],
        options: &AppendOptions<'_>,
    ) -> Result<Vec<Receipt>> {
        let options = options.raw()?;
        let mut receipts = vec![raw::plsm_receipt_t::default(); items.len()];
        // SAFETY: as above; `BatchItem` is the library's struct, and there is room for a receipt of each.
        call(|error| unsafe {
            let (first, count) = (items.as_ptr().cast(), items.len());
            raw::plsm_pool_append_batch(
                self.as_ptr(),
                first,
                count,
                &options,
                receipts.as_mut_ptr(),
                error,
            )
        })?;
        Ok(receipts.into_iter().map(Receipt::from).collect())
    }

    /// Room for `len` bytes of `data`, to be encoded right there. Other writers wait until it is committed or
    /// dropped.
    ///
    /// # Errors
    /// As [`Pool::append`].
    pub fn reserve(&self, len: usize, options: &AppendOptions<'_>) -> Result<Reservation<'_>> {
        let options = options.raw()?;
        let (mut handle, mut payload) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: as above.
        call(|error| unsafe {
            raw::plsm_pool_reserve(
                self.as_ptr(),
                len,
                &options,
                &mut handle,
                &mut payload,
                error,
            )
        })?;
        match (NonNull::new(handle), NonNull::new(payload)) {
            // SAFETY: just made by the library, with room for `len` bytes.
            (Some(handle), Some(payload)) => Ok(unsafe { Reservation::new(handle, payload, len) }),
            _ => Err(Error::take(ptr::null_mut())),
        }
    }

    /// Brings everything appended so far to the disk.
    ///
    /// # Errors
    /// Io when the disk fails.
    pub fn flush(&self) -> Result<()> {
        // SAFETY: a live handle.
        call(|error| unsafe { raw::plsm_pool_flush(self.as_ptr(), error) })?;
        Ok(())
    }

    /// The message with this seq.
    ///
    /// # Errors
    /// NotFound, with the seq, for one that was overwritten or never written.
    pub fn get(&self, seq: u64) -> Result<Message> {
        let mut message = ptr::null_mut();
        // SAFETY: a live handle; the outputs are ours.
        call(|error| unsafe {
            raw::plsm_pool_get_message(self.as_ptr(), seq, &mut message, error)
        })?;
        let mut view = raw::plsm_view_t::default();
        // SAFETY: a live message; its view lives as long as it does, and is used before it is freed.
        unsafe {
            raw::plsm_message_view(message, &mut view);
            let copied = Message::copy(&View::new(view));
            raw::plsm_message_free(message);
            copied
        }
    }

    /// The same as compact JSON, with one copy less.
    ///
    /// # Errors
    /// As [`Pool::get`].
    pub fn get_json(&self, seq: u64) -> Result<Buffer> {
        // SAFETY: a live handle; the outputs are ours.
        Buffer::fill(|buffer, error| unsafe {
            raw::plsm_pool_get_json(self.as_ptr(), seq, buffer, error)
        })
    }

    /// The message with this seq as a Lite3 document, `{"meta":{"tags":[…]},"data":…}`.
    ///
    /// # Errors
    /// As [`Pool::get`]; Usage, with the seq, when Lite3 cannot hold it.
    pub fn get_lite3(&self, seq: u64) -> Result<Lite3Frame> {
        Lite3Frame::get(self, seq)
    }

    /// The message with this seq, in place: ask [`View::is_valid`] after reading it.
    ///
    /// # Errors
    /// As [`Pool::get`].
    #[inline]
    pub fn view(&self, seq: u64) -> Result<View<'_>> {
        let mut view = raw::plsm_view_t::default();
        // SAFETY: as above.
        call(|error| unsafe { raw::plsm_pool_get_view(self.as_ptr(), seq, &mut view, error) })?;
        // SAFETY: the mapping lives as long as the handle, which the view borrows.
        Ok(unsafe { View::new(view) })
    }

    /// Opens a stream of its messages.
    ///
    /// # Errors
    /// Usage for options that do not go together; Io when the system refuses.
    pub fn tail(&self, options: &TailOptions<'_>) -> Result<Stream> {
        let options = options.raw()?;
        Stream::adopt(|stream, error| {
            // SAFETY: a live handle, options that live for the call; the outputs are ours.
            unsafe { raw::plsm_pool_tail(self.as_ptr(), &options.raw, stream, error) }
        })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, no call is running on it, and it is freed once.
        unsafe { raw::plsm_pool_free(self.as_ptr()) }
    }
}
