//! Filters: jq programs that tell which messages are wanted.
#![allow(unsafe_code)]

use crate::call::call;
use crate::{raw, Error, Result, View};
use std::ptr::{self, NonNull};

/// A compiled jq expression over whole messages, `{"seq":…,"time":"…","meta":{"tags":[…]},"data":…}`. Made once, used
/// by any number of streams and threads.
///
/// A message matches when the outputs are `true`, `false` and `null` only, at least one is `true`, and no error
/// comes up. A missing key is null. Nothing outside of the message can be reached, and every evaluation ends.
///
/// ```
/// # use plasmite_sdk::*;
/// # let directory = tempfile::tempdir().unwrap();
/// # let client = Client::new(directory.path())?;
/// # let pool = client.create("events", &PoolOptions::new())?;
/// # pool.append(br#"{"status":"red"}"#, &AppendOptions::new())?;
/// # pool.append(br#"{"status":"green"}"#, &AppendOptions::new())?;
/// let green = Filter::new(".data.status == \"green\"")?;
/// let mut tail = pool.tail(&TailOptions::new().filter(&green))?;
/// match tail.next(Wait::Try)? {
///     Next::Message(view) => assert_eq!(view.seq(), 2),
///     other => panic!("expected a message, got {other:?}"),
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Filter(NonNull<raw::plsm_filter_t>);

// SAFETY: the library's handles may be used from any thread, by several at once.
unsafe impl Send for Filter {}
// SAFETY: as above.
unsafe impl Sync for Filter {}

/// How a filter is compiled.
#[derive(Clone, Copy, Debug, Default)]
pub struct FilterOptions {
    no_recursion: bool,
    max_steps: u64,
}

impl FilterOptions {
    /// Everything allowed, the usual limits.
    pub fn new() -> FilterOptions {
        FilterOptions::default()
    }

    /// Refuses definitions that call themselves: for expressions that come from strangers.
    pub fn no_recursion(mut self, refuse: bool) -> FilterOptions {
        self.no_recursion = refuse;
        self
    }

    /// Most steps for one message; some for each byte of it are added. 0 for the default, four million.
    pub fn max_steps(mut self, steps: u64) -> FilterOptions {
        self.max_steps = steps;
        self
    }
}

impl Filter {
    /// Compiles an expression.
    ///
    /// # Errors
    /// Usage: message and [offset](Error::offset) tell what is wrong and where.
    pub fn new(expression: &str) -> Result<Filter> {
        Filter::with(expression, &FilterOptions::new())
    }

    /// As [`Filter::new`], with options.
    ///
    /// # Errors
    /// As there.
    pub fn with(expression: &str, options: &FilterOptions) -> Result<Filter> {
        let options = raw::plsm_filter_options_t {
            struct_size: size_of::<raw::plsm_filter_options_t>() as u32,
            flags: if options.no_recursion {
                raw::PLSM_FILTER_NO_RECURSION
            } else {
                0
            },
            max_steps: options.max_steps,
        };
        let mut filter = ptr::null_mut();
        // SAFETY: the expression is readable for the call, the outputs are ours.
        call(|error| unsafe {
            raw::plsm_filter_new(
                expression.as_ptr().cast(),
                expression.len(),
                &options,
                &mut filter,
                error,
            )
        })?;
        let handle = NonNull::new(filter).ok_or_else(|| Error::take(ptr::null_mut()))?;
        Ok(Filter(handle))
    }

    /// Whether a message matches.
    ///
    /// # Errors
    /// Usage with the message's seq: the filter gave a number, a string, an array or an object, or went beyond a limit.
    /// RetentionGap: the message was overwritten meanwhile.
    pub fn matches(&self, view: &View<'_>) -> Result<bool> {
        // SAFETY: a live handle; the library filled the view, and its memory is mapped as long as it lives.
        let answer =
            call(|error| unsafe { raw::plsm_filter_matches(self.0.as_ptr(), view.raw(), error) })?;
        Ok(answer == 1)
    }

    pub(crate) fn handle(&self) -> *const raw::plsm_filter_t {
        self.0.as_ptr()
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        // SAFETY: a live handle, and no call uses it any more.
        unsafe { raw::plsm_filter_free(self.0.as_ptr()) }
    }
}
