//! The C declarations of `include/plasmite.h`. Made by bindgen (`make bindings`); do not edit.
#![allow(missing_docs, unreachable_pub, unsafe_code, non_camel_case_types, dead_code, unused_imports)]
#![allow(clippy::all, clippy::undocumented_unsafe_blocks)]

pub const PLSM_CLIENT_TLS_SKIP_VERIFY: u32 = 1;
pub const PLSM_CLIENT_INSECURE_TOKEN: u32 = 2;
pub const PLSM_OPEN_READ_ONLY: u32 = 1;
pub const PLSM_APPEND_CHECK_FULLY: u32 = 1;
pub const PLSM_VIEW_IN_PLACE: u32 = 1;
pub const PLSM_FILTER_NO_RECURSION: u32 = 1;
pub const PLSM_INGEST_SKIP: u32 = 1;
pub const PLSM_INGEST_COPY: u32 = 2;
pub const PLSM_TAIL_SNAPSHOT: u32 = 1;
pub const PLSM_TAIL_IN_PLACE: u32 = 2;
pub const PLSM_TAIL_BACKWARDS: u32 = 4;
pub const PLSM_TAIL_POLL: u32 = 8;
pub const PLSM_WAIT_FOREVER: u64 = 18446744073709551615;
pub const PLSM_ERROR_INTERNAL: plsm_error_kind = 1;
pub const PLSM_ERROR_USAGE: plsm_error_kind = 2;
pub const PLSM_ERROR_NOT_FOUND: plsm_error_kind = 3;
pub const PLSM_ERROR_ALREADY_EXISTS: plsm_error_kind = 4;
pub const PLSM_ERROR_BUSY: plsm_error_kind = 5;
pub const PLSM_ERROR_PERMISSION: plsm_error_kind = 6;
pub const PLSM_ERROR_CORRUPT: plsm_error_kind = 7;
pub const PLSM_ERROR_IO: plsm_error_kind = 8;
pub const PLSM_ERROR_RETENTION_GAP: plsm_error_kind = 9;
pub type plsm_error_kind = ::core::ffi::c_uint;
pub const PLSM_GAP_CONTINUE: plsm_gap_policy = 0;
pub const PLSM_GAP_ERROR: plsm_gap_policy = 1;
pub const PLSM_GAP_EVENT: plsm_gap_policy = 2;
pub type plsm_gap_policy = ::core::ffi::c_uint;
pub const PLSM_DURABILITY_FAST: plsm_durability = 0;
pub const PLSM_DURABILITY_FLUSH: plsm_durability = 1;
pub type plsm_durability = ::core::ffi::c_uint;
pub const PLSM_LOG_ERROR: plsm_log_level = 1;
pub const PLSM_LOG_WARN: plsm_log_level = 2;
pub const PLSM_LOG_INFO: plsm_log_level = 3;
pub type plsm_log_level = ::core::ffi::c_uint;
pub const PLSM_ITEM_JSON: plsm_item_encoding = 0;
pub const PLSM_ITEM_LITE3_DATA: plsm_item_encoding = 1;
pub const PLSM_ITEM_LITE3_DOCUMENT: plsm_item_encoding = 2;
pub type plsm_item_encoding = ::core::ffi::c_uint;
pub const PLSM_PART_ENVELOPE: plsm_part = 0;
pub const PLSM_PART_DATA: plsm_part = 1;
pub const PLSM_PART_TAGS: plsm_part = 2;
pub const PLSM_PART_HEAD: plsm_part = 3;
pub type plsm_part = ::core::ffi::c_uint;
pub const PLSM_TYPE_NULL: plsm_value_type = 0;
pub const PLSM_TYPE_BOOL: plsm_value_type = 1;
pub const PLSM_TYPE_I64: plsm_value_type = 2;
pub const PLSM_TYPE_F64: plsm_value_type = 3;
pub const PLSM_TYPE_BYTES: plsm_value_type = 4;
pub const PLSM_TYPE_STRING: plsm_value_type = 5;
pub const PLSM_TYPE_OBJECT: plsm_value_type = 6;
pub const PLSM_TYPE_ARRAY: plsm_value_type = 7;
pub type plsm_value_type = ::core::ffi::c_uint;
pub const PLSM_START_OLDEST: plsm_start = 0;
pub const PLSM_START_NOW: plsm_start = 1;
pub const PLSM_START_LAST: plsm_start = 2;
pub const PLSM_START_SEQ: plsm_start = 3;
pub const PLSM_START_TIME: plsm_start = 4;
pub const PLSM_START_TOKEN: plsm_start = 5;
pub type plsm_start = ::core::ffi::c_uint;
pub const PLSM_NEXT_ERROR: plsm_next = -1;
pub const PLSM_NEXT_END: plsm_next = 0;
pub const PLSM_NEXT_MESSAGE: plsm_next = 1;
pub const PLSM_NEXT_TIMEOUT: plsm_next = 2;
pub const PLSM_NEXT_GAP: plsm_next = 3;
pub const PLSM_NEXT_CANCELLED: plsm_next = 4;
pub const PLSM_NEXT_DEADLINE: plsm_next = 5;
pub type plsm_next = ::core::ffi::c_int;
pub const PLSM_INGEST_AUTO: plsm_ingest_mode = 0;
pub const PLSM_INGEST_JSONL: plsm_ingest_mode = 1;
pub const PLSM_INGEST_JSON: plsm_ingest_mode = 2;
pub const PLSM_INGEST_SEQ: plsm_ingest_mode = 3;
pub const PLSM_INGEST_VALUES: plsm_ingest_mode = 4;
pub const PLSM_INGEST_EVENTS: plsm_ingest_mode = 5;
pub type plsm_ingest_mode = ::core::ffi::c_uint;
pub const PLSM_INGEST_MORE: plsm_ingest_step = 0;
pub const PLSM_INGEST_RECORD: plsm_ingest_step = 1;
pub const PLSM_INGEST_FAULT: plsm_ingest_step = 2;
pub const PLSM_INGEST_END: plsm_ingest_step = 3;
pub type plsm_ingest_step = ::core::ffi::c_uint;
pub const PLSM_INGEST_PARSE: plsm_ingest_fault = 1;
pub const PLSM_INGEST_OVERSIZE: plsm_ingest_fault = 2;
pub type plsm_ingest_fault = ::core::ffi::c_uint;
pub const PLSM_DOCTOR_OK: plsm_doctor_status = 0;
pub const PLSM_DOCTOR_CORRUPT: plsm_doctor_status = 1;
pub const PLSM_DOCTOR_UNREADABLE: plsm_doctor_status = 2;
pub type plsm_doctor_status = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug)]
pub struct plsm_client {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct plsm_doctor {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct plsm_filter {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct plsm_ingest {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct plsm_lite3_stream {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct plsm_message {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct plsm_pool {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct plsm_pool_list {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct plsm_replay {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct plsm_reservation {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct plsm_stream {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_buf {
    pub data: *mut u8,
    pub len: usize,
}
impl Default for plsm_buf {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_buf_t = plsm_buf;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_error {
    pub kind: i32,
    pub message: *mut ::core::ffi::c_char,
    pub path: *mut ::core::ffi::c_char,
    pub seq: u64,
    pub offset: u64,
    pub has_seq: u8,
    pub has_offset: u8,
}
impl Default for plsm_error {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_error_t = plsm_error;
pub type plsm_log_fn = ::core::option::Option<
    unsafe extern "C" fn(
        user: *mut ::core::ffi::c_void,
        level: u32,
        message: *const ::core::ffi::c_char,
    ),
>;
pub type plsm_client_t = plsm_client;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_client_options {
    pub struct_size: u32,
    pub flags: u32,
    pub pool_dir: *const ::core::ffi::c_char,
    pub token: *const ::core::ffi::c_char,
    pub token_file: *const ::core::ffi::c_char,
    pub tls_ca_file: *const ::core::ffi::c_char,
    pub request_timeout_ms: u64,
    pub largest_bytes: u64,
}
impl Default for plsm_client_options {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_client_options_t = plsm_client_options;
pub type plsm_pool_t = plsm_pool;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_bounds {
    pub oldest: u64,
    pub newest: u64,
    pub count: u64,
}
pub type plsm_bounds_t = plsm_bounds;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_pool_info {
    pub struct_size: u32,
    pub read_only: u32,
    pub file_size: u64,
    pub index_offset: u64,
    pub index_capacity: u64,
    pub index_size_bytes: u64,
    pub ring_offset: u64,
    pub ring_size: u64,
    pub bounds: plsm_bounds_t,
    pub used_bytes: u64,
    pub free_bytes: u64,
    pub oldest_time_ns: u64,
    pub newest_time_ns: u64,
    pub generation: u64,
    pub format: u32,
    pub reserved: u32,
    pub id: [u8; 16usize],
}
pub type plsm_pool_info_t = plsm_pool_info;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_frame_place {
    pub seq: u64,
    pub offset: u64,
    pub len: u64,
}
pub type plsm_frame_place_t = plsm_frame_place;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_layout {
    pub tail: u64,
    pub head: u64,
    pub frame_count: u64,
    pub reserved: u64,
}
pub type plsm_layout_t = plsm_layout;
pub type plsm_pool_list_t = plsm_pool_list;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_list_entry {
    pub struct_size: u32,
    pub has_mtime: u32,
    pub mtime_ns: u64,
    pub name: *const ::core::ffi::c_char,
    pub path: *const ::core::ffi::c_char,
    pub info: *const plsm_pool_info_t,
    pub error: *const plsm_error_t,
}
impl Default for plsm_list_entry {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_list_entry_t = plsm_list_entry;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_pool_options {
    pub struct_size: u32,
    pub has_index_capacity: u32,
    pub size_bytes: u64,
    pub index_capacity: u32,
    pub file_mode: u32,
}
pub type plsm_pool_options_t = plsm_pool_options;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_open_options {
    pub struct_size: u32,
    pub flags: u32,
}
pub type plsm_open_options_t = plsm_open_options;
pub type plsm_doctor_t = plsm_doctor;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_doctor_progress {
    pub struct_size: u32,
    pub reserved: u32,
    pub pools_done: u64,
    pub pools: u64,
    pub bytes_done: u64,
    pub bytes: u64,
    pub path: *const ::core::ffi::c_char,
}
impl Default for plsm_doctor_progress {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_doctor_progress_t = plsm_doctor_progress;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_doctor_report {
    pub struct_size: u32,
    pub status: u32,
    pub pool_ref: *const ::core::ffi::c_char,
    pub path: *const ::core::ffi::c_char,
    pub last_good_seq: u64,
    pub has_last_good_seq: u64,
    pub bounds: plsm_bounds_t,
    pub issue_count: u64,
    pub issues_listed: u64,
    pub hint_count: u64,
    pub checked_bytes: u64,
    pub checked_slots: u64,
}
impl Default for plsm_doctor_report {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_doctor_report_t = plsm_doctor_report;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_doctor_issue {
    pub struct_size: u32,
    pub has_seq: u32,
    pub has_offset: u32,
    pub reserved: u32,
    pub seq: u64,
    pub offset: u64,
    pub code: *const ::core::ffi::c_char,
    pub finding: *const ::core::ffi::c_char,
    pub message: *const ::core::ffi::c_char,
    pub advice: *const ::core::ffi::c_char,
}
impl Default for plsm_doctor_issue {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_doctor_issue_t = plsm_doctor_issue;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_migrated {
    pub struct_size: u32,
    pub times_unordered: u32,
    pub bounds: plsm_bounds_t,
    pub old_size: u64,
    pub size: u64,
}
pub type plsm_migrated_t = plsm_migrated;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_salvaged {
    pub struct_size: u32,
    pub reserved: u32,
    pub bounds: plsm_bounds_t,
    pub lost: u64,
    pub lost_ranges: u64,
    pub size: u64,
}
pub type plsm_salvaged_t = plsm_salvaged;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_gap {
    pub first: u64,
    pub last: u64,
    pub count: u64,
}
pub type plsm_gap_t = plsm_gap;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_bytes {
    pub data: *const u8,
    pub len: usize,
}
impl Default for plsm_bytes {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_bytes_t = plsm_bytes;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_append_options {
    pub struct_size: u32,
    pub durability: u32,
    pub tags: *const plsm_bytes_t,
    pub tags_len: usize,
    pub timestamp_ns: u64,
    pub lock_wait_ms: u64,
    pub expect_newest: u64,
    pub has_timestamp: u32,
    pub has_lock_wait: u32,
    pub has_expect_newest: u32,
    pub flags: u32,
}
impl Default for plsm_append_options {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_append_options_t = plsm_append_options;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_receipt {
    pub seq: u64,
    pub timestamp_ns: u64,
}
pub type plsm_receipt_t = plsm_receipt;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_batch_item {
    pub data: *const u8,
    pub len: usize,
    pub tags: *const plsm_bytes_t,
    pub tags_len: usize,
    pub timestamp_ns: u64,
    pub has_timestamp: u32,
    pub encoding: u32,
}
impl Default for plsm_batch_item {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_batch_item_t = plsm_batch_item;
pub type plsm_reservation_t = plsm_reservation;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_view {
    pub seq: u64,
    pub timestamp_ns: u64,
    pub payload: *const u8,
    pub payload_len: usize,
    pub tags: *const u8,
    pub tags_len: usize,
    pub encoding: u32,
    pub flags: u32,
    pub guard: *const ::core::ffi::c_void,
    pub position: u64,
    pub reserved: [u64; 2usize],
}
impl Default for plsm_view {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_view_t = plsm_view;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_value {
    pub document: *const u8,
    pub document_len: usize,
    pub offset: u32,
    pub type_: u32,
    pub reserved: u64,
}
impl Default for plsm_value {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_value_t = plsm_value;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_lite3_frame {
    pub seq: u64,
    pub timestamp_ns: u64,
    pub flags: u32,
    pub payload: plsm_buf_t,
}
impl Default for plsm_lite3_frame {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_lite3_frame_t = plsm_lite3_frame;
pub type plsm_message_t = plsm_message;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_filter_options {
    pub struct_size: u32,
    pub flags: u32,
    pub max_steps: u64,
}
pub type plsm_filter_options_t = plsm_filter_options;
pub type plsm_filter_t = plsm_filter;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_ingest_options {
    pub struct_size: u32,
    pub mode: u32,
    pub flags: u32,
    pub reserved: u32,
    pub max_record: u64,
}
pub type plsm_ingest_options_t = plsm_ingest_options;
pub type plsm_ingest_t = plsm_ingest;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_ingest_item {
    pub index: u64,
    pub line: u64,
    pub offset: u64,
    pub text: plsm_bytes_t,
    pub error: *const plsm_error_t,
    pub fault: u32,
    pub mode: u32,
    pub copied_tags: plsm_bytes_t,
}
impl Default for plsm_ingest_item {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_ingest_item_t = plsm_ingest_item;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_ingest_counts {
    pub records: u64,
    pub faults: u64,
}
pub type plsm_ingest_counts_t = plsm_ingest_counts;
pub type plsm_lite3_stream_t = plsm_lite3_stream;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_stream_options {
    pub struct_size: u32,
    pub gap_policy: u32,
    pub since_seq: u64,
    pub max_messages: u64,
    pub timeout_ms: u64,
    pub has_since: u32,
    pub has_max: u32,
    pub has_timeout: u32,
    pub reserved: u32,
}
pub type plsm_stream_options_t = plsm_stream_options;
pub type plsm_stream_t = plsm_stream;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct plsm_stream_stats {
    pub delivered: u64,
    pub dropped: u64,
    pub next_seq: u64,
    pub reserved: u64,
}
pub type plsm_stream_stats_t = plsm_stream_stats;
pub type plsm_replay_t = plsm_replay;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct plsm_tail_options {
    pub struct_size: u32,
    pub start: u32,
    pub start_value: u64,
    pub end_seq: u64,
    pub max_messages: u64,
    pub timeout_ms: u64,
    pub has_end: u32,
    pub has_max: u32,
    pub has_timeout: u32,
    pub gap_policy: u32,
    pub tags: *const plsm_bytes_t,
    pub tags_len: usize,
    pub token: *const ::core::ffi::c_char,
    pub spin_us: u32,
    pub flags: u32,
    pub filters: *const *const plsm_filter_t,
    pub filters_len: usize,
}
impl Default for plsm_tail_options {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type plsm_tail_options_t = plsm_tail_options;
pub use self::plsm_doctor_status as plsm_doctor_status_t;
pub use self::plsm_durability as plsm_durability_t;
pub use self::plsm_error_kind as plsm_error_kind_t;
pub use self::plsm_gap_policy as plsm_gap_policy_t;
pub use self::plsm_ingest_fault as plsm_ingest_fault_t;
pub use self::plsm_ingest_mode as plsm_ingest_mode_t;
pub use self::plsm_ingest_step as plsm_ingest_step_t;
pub use self::plsm_item_encoding as plsm_item_encoding_t;
pub use self::plsm_log_level as plsm_log_level_t;
pub use self::plsm_next as plsm_next_t;
pub use self::plsm_part as plsm_part_t;
pub use self::plsm_start as plsm_start_t;
pub use self::plsm_value_type as plsm_value_type_t;
unsafe extern "C" {
    pub fn plsm_buf_free(buf: *mut plsm_buf_t);
}
unsafe extern "C" {
    pub fn plsm_error_free(err: *mut plsm_error_t);
}
unsafe extern "C" {
    pub fn plsm_error_hint(err: *const plsm_error_t) -> *const ::core::ffi::c_char;
}
unsafe extern "C" {
    pub fn plsm_error_cause_count(err: *const plsm_error_t) -> usize;
}
unsafe extern "C" {
    pub fn plsm_error_cause(err: *const plsm_error_t, index: usize) -> *const ::core::ffi::c_char;
}
unsafe extern "C" {
    pub fn plsm_error_maybe_written(err: *const plsm_error_t) -> u32;
}
unsafe extern "C" {
    pub fn plsm_error_too_large(err: *const plsm_error_t) -> u32;
}
unsafe extern "C" {
    pub fn plsm_error_kind_name(kind: i32) -> *const ::core::ffi::c_char;
}
unsafe extern "C" {
    pub fn plsm_error_kind_exit_code(kind: i32) -> i32;
}
unsafe extern "C" {
    pub fn plsm_error_kind_http_status(kind: i32) -> i32;
}
unsafe extern "C" {
    pub fn plsm_abi_version() -> u32;
}
unsafe extern "C" {
    pub fn plsm_version() -> *const ::core::ffi::c_char;
}
unsafe extern "C" {
    pub fn plsm_version_number() -> u32;
}
unsafe extern "C" {
    pub fn plsm_build_info() -> *const ::core::ffi::c_char;
}
unsafe extern "C" {
    pub fn plsm_pool_formats(oldest_read: *mut u32, newest_read: *mut u32, written: *mut u32);
}
unsafe extern "C" {
    pub fn plsm_has_feature(name: *const ::core::ffi::c_char) -> u32;
}
unsafe extern "C" {
    pub fn plsm_log_set(fn_: plsm_log_fn, user: *mut ::core::ffi::c_void, max_level: u32);
}
unsafe extern "C" {
    pub fn plsm_guard_install(out_err: *mut *mut plsm_error_t) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_client_new(
        pool_dir: *const ::core::ffi::c_char,
        out_client: *mut *mut plsm_client_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_client_new_with(
        options: *const plsm_client_options_t,
        out_client: *mut *mut plsm_client_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_client_free(client: *mut plsm_client_t);
}
unsafe extern "C" {
    pub fn plsm_default_pool_dir(
        out_path: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_client_pool_dir(
        client: *mut plsm_client_t,
        out_path: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_resolve(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        out_path: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_exists(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_delete(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_info(
        pool: *mut plsm_pool_t,
        out_info: *mut plsm_pool_info_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_info_json(
        pool: *mut plsm_pool_t,
        out_json: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_bounds(
        pool: *mut plsm_pool_t,
        out_bounds: *mut plsm_bounds_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_writers(
        pool: *mut plsm_pool_t,
        out_writers: *mut u32,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_warnings(
        pool: *mut plsm_pool_t,
        out_text: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_layout(
        pool: *mut plsm_pool_t,
        out_frames: *mut plsm_frame_place_t,
        cap: usize,
        out_layout: *mut plsm_layout_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_list_open(
        client: *mut plsm_client_t,
        out_list: *mut *mut plsm_pool_list_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_list_count(list: *const plsm_pool_list_t) -> usize;
}
unsafe extern "C" {
    pub fn plsm_pool_list_entry(
        list: *const plsm_pool_list_t,
        index: usize,
        out_entry: *mut plsm_list_entry_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_list_free(list: *mut plsm_pool_list_t);
}
unsafe extern "C" {
    pub fn plsm_pool_list_json(
        client: *mut plsm_client_t,
        out_json: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_create(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        size_bytes: u64,
        out_pool: *mut *mut plsm_pool_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_create_with(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        options: *const plsm_pool_options_t,
        out_pool: *mut *mut plsm_pool_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_ensure(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        options: *const plsm_pool_options_t,
        out_pool: *mut *mut plsm_pool_t,
        out_created: *mut u32,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_open(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        out_pool: *mut *mut plsm_pool_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_open_with(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        options: *const plsm_open_options_t,
        out_pool: *mut *mut plsm_pool_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_free(pool: *mut plsm_pool_t);
}
unsafe extern "C" {
    pub fn plsm_pool_name(pool: *mut plsm_pool_t) -> *const ::core::ffi::c_char;
}
unsafe extern "C" {
    pub fn plsm_pool_path(pool: *mut plsm_pool_t) -> *const ::core::ffi::c_char;
}
unsafe extern "C" {
    pub fn plsm_pool_id(
        pool: *mut plsm_pool_t,
        out_id: *mut u8,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_generation(pool: *mut plsm_pool_t) -> u64;
}
unsafe extern "C" {
    pub fn plsm_pool_is_read_only(pool: *mut plsm_pool_t) -> u32;
}
unsafe extern "C" {
    pub fn plsm_pool_is_current(
        pool: *mut plsm_pool_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_doctor_open(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        out_doctor: *mut *mut plsm_doctor_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_doctor_step(
        doctor: *mut plsm_doctor_t,
        bytes: u64,
        out_progress: *mut plsm_doctor_progress_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_doctor_report_count(doctor: *mut plsm_doctor_t) -> usize;
}
unsafe extern "C" {
    pub fn plsm_doctor_report(
        doctor: *mut plsm_doctor_t,
        index: usize,
        out_report: *mut plsm_doctor_report_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_doctor_issue(
        doctor: *mut plsm_doctor_t,
        report: usize,
        index: usize,
        out_issue: *mut plsm_doctor_issue_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_doctor_hint(
        doctor: *mut plsm_doctor_t,
        report: usize,
        index: usize,
    ) -> *const ::core::ffi::c_char;
}
unsafe extern "C" {
    pub fn plsm_doctor_json(
        doctor: *mut plsm_doctor_t,
        out_json: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_doctor_free(doctor: *mut plsm_doctor_t);
}
unsafe extern "C" {
    pub fn plsm_pool_migrate(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        new_ref: *const ::core::ffi::c_char,
        options: *const plsm_pool_options_t,
        out_migrated: *mut plsm_migrated_t,
        out_backup: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_salvage(
        client: *mut plsm_client_t,
        pool_ref: *const ::core::ffi::c_char,
        new_ref: *const ::core::ffi::c_char,
        options: *const plsm_pool_options_t,
        out_salvaged: *mut plsm_salvaged_t,
        out_lost: *mut plsm_gap_t,
        lost_capacity: usize,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_append(
        pool: *mut plsm_pool_t,
        json: *const u8,
        json_len: usize,
        options: *const plsm_append_options_t,
        out_receipt: *mut plsm_receipt_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_append_envelope(
        pool: *mut plsm_pool_t,
        json: *const u8,
        json_len: usize,
        options: *const plsm_append_options_t,
        out_receipt: *mut plsm_receipt_t,
        out_message: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_append_data(
        pool: *mut plsm_pool_t,
        lite3: *const u8,
        lite3_len: usize,
        options: *const plsm_append_options_t,
        out_receipt: *mut plsm_receipt_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_append_document(
        pool: *mut plsm_pool_t,
        lite3: *const u8,
        lite3_len: usize,
        options: *const plsm_append_options_t,
        out_receipt: *mut plsm_receipt_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_flush(
        pool: *mut plsm_pool_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_append_json(
        pool: *mut plsm_pool_t,
        json_bytes: *const u8,
        json_len: usize,
        tags: *mut *const ::core::ffi::c_char,
        tags_len: usize,
        durability: u32,
        out_message: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_append_lite3(
        pool: *mut plsm_pool_t,
        payload: *const u8,
        payload_len: usize,
        durability: u32,
        out_seq: *mut u64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_append_batch(
        pool: *mut plsm_pool_t,
        items: *const plsm_batch_item_t,
        items_len: usize,
        options: *const plsm_append_options_t,
        out_receipts: *mut plsm_receipt_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_reserve(
        pool: *mut plsm_pool_t,
        payload_len: usize,
        options: *const plsm_append_options_t,
        out_reservation: *mut *mut plsm_reservation_t,
        out_payload: *mut *mut u8,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_reservation_commit(
        reservation: *mut plsm_reservation_t,
        out_receipt: *mut plsm_receipt_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_reservation_abort(reservation: *mut plsm_reservation_t);
}
unsafe extern "C" {
    pub fn plsm_view_tag_count(view: *const plsm_view_t) -> usize;
}
unsafe extern "C" {
    pub fn plsm_view_tag(
        view: *const plsm_view_t,
        index: usize,
        out_tag: *mut plsm_bytes_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_view_i64(
        view: *const plsm_view_t,
        key: *const ::core::ffi::c_char,
        key_len: usize,
        out_value: *mut i64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_view_f64(
        view: *const plsm_view_t,
        key: *const ::core::ffi::c_char,
        key_len: usize,
        out_value: *mut f64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_view_bool(
        view: *const plsm_view_t,
        key: *const ::core::ffi::c_char,
        key_len: usize,
        out_value: *mut u32,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_view_string(
        view: *const plsm_view_t,
        key: *const ::core::ffi::c_char,
        key_len: usize,
        out_value: *mut plsm_bytes_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_view_root(
        view: *const plsm_view_t,
        out_value: *mut plsm_value_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_get_lite3(
        pool: *mut plsm_pool_t,
        seq: u64,
        out_frame: *mut plsm_lite3_frame_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_lite3_frame_free(frame: *mut plsm_lite3_frame_t);
}
unsafe extern "C" {
    pub fn plsm_pool_get_json(
        pool: *mut plsm_pool_t,
        seq: u64,
        out_message: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_pool_get_message(
        pool: *mut plsm_pool_t,
        seq: u64,
        out_message: *mut *mut plsm_message_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_message_view(message: *const plsm_message_t, out_view: *mut plsm_view_t);
}
unsafe extern "C" {
    pub fn plsm_message_free(message: *mut plsm_message_t);
}
unsafe extern "C" {
    pub fn plsm_pool_get_view(
        pool: *mut plsm_pool_t,
        seq: u64,
        out_view: *mut plsm_view_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_from_lite3(
        lite3: *const u8,
        lite3_len: usize,
        out_value: *mut plsm_value_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_get(
        value: *const plsm_value_t,
        key: *const ::core::ffi::c_char,
        key_len: usize,
        out_member: *mut plsm_value_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_at(
        value: *const plsm_value_t,
        index: usize,
        out_element: *mut plsm_value_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_count(
        value: *const plsm_value_t,
        out_count: *mut usize,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_entries(
        value: *const plsm_value_t,
        skip: usize,
        out_keys: *mut plsm_bytes_t,
        out_values: *mut plsm_value_t,
        cap: usize,
        out_count: *mut usize,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_entry(
        value: *const plsm_value_t,
        index: usize,
        out_key: *mut plsm_bytes_t,
        out_value: *mut plsm_value_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_i64(
        value: *const plsm_value_t,
        out_scalar: *mut i64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_f64(
        value: *const plsm_value_t,
        out_scalar: *mut f64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_bool(
        value: *const plsm_value_t,
        out_scalar: *mut u32,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_string(
        value: *const plsm_value_t,
        out_scalar: *mut plsm_bytes_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_value_json(
        value: *const plsm_value_t,
        out_json: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_view_is_valid(view: *const plsm_view_t) -> u32;
}
unsafe extern "C" {
    pub fn plsm_view_json(
        view: *const plsm_view_t,
        part: u32,
        out_json: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_view_write_json(
        view: *const plsm_view_t,
        part: u32,
        buf: *mut u8,
        cap: usize,
        out_len: *mut usize,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_view_lite3(
        view: *const plsm_view_t,
        out_document: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_filter_new(
        expression: *const ::core::ffi::c_char,
        len: usize,
        options: *const plsm_filter_options_t,
        out_filter: *mut *mut plsm_filter_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_filter_matches(
        filter: *mut plsm_filter_t,
        view: *const plsm_view_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_filter_free(filter: *mut plsm_filter_t);
}
unsafe extern "C" {
    pub fn plsm_ingest_new(
        options: *const plsm_ingest_options_t,
        out_ingest: *mut *mut plsm_ingest_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_ingest_push(
        ingest: *mut plsm_ingest_t,
        data: *const u8,
        len: usize,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_ingest_finish(
        ingest: *mut plsm_ingest_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_ingest_next(
        ingest: *mut plsm_ingest_t,
        out_item: *mut plsm_ingest_item_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_ingest_append(
        ingest: *mut plsm_ingest_t,
        pool: *mut plsm_pool_t,
        options: *const plsm_append_options_t,
        out_item: *mut plsm_ingest_item_t,
        out_receipt: *mut plsm_receipt_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_ingest_count(
        ingest: *mut plsm_ingest_t,
        out_counts: *mut plsm_ingest_counts_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_ingest_free(ingest: *mut plsm_ingest_t);
}
unsafe extern "C" {
    pub fn plsm_lite3_stream_open(
        pool: *mut plsm_pool_t,
        since_seq: u64,
        has_since: u32,
        max_messages: u64,
        has_max: u32,
        timeout_ms: u64,
        has_timeout: u32,
        out_stream: *mut *mut plsm_lite3_stream_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_lite3_stream_open_ex(
        pool: *mut plsm_pool_t,
        options: *const plsm_stream_options_t,
        out_stream: *mut *mut plsm_lite3_stream_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_lite3_stream_next(
        stream: *mut plsm_lite3_stream_t,
        out_frame: *mut plsm_lite3_frame_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_lite3_stream_free(stream: *mut plsm_lite3_stream_t);
}
unsafe extern "C" {
    pub fn plsm_stream_next_view(
        stream: *mut plsm_stream_t,
        wait_ms: u64,
        out_view: *mut plsm_view_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_stream_next_views(
        stream: *mut plsm_stream_t,
        wait_ms: u64,
        out_views: *mut plsm_view_t,
        capacity: usize,
        out_count: *mut usize,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_stream_next_json(
        stream: *mut plsm_stream_t,
        wait_ms: u64,
        out_json: *mut plsm_bytes_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_stream_gap(
        stream: *mut plsm_stream_t,
        out_gap: *mut plsm_gap_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_stream_stats(
        stream: *mut plsm_stream_t,
        out_stats: *mut plsm_stream_stats_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_stream_cancel(stream: *mut plsm_stream_t);
}
unsafe extern "C" {
    pub fn plsm_stream_reset_cancel(stream: *mut plsm_stream_t);
}
unsafe extern "C" {
    pub fn plsm_stream_fd(
        stream: *mut plsm_stream_t,
        out_fd: *mut ::core::ffi::c_int,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_replay_new(
        speed: f64,
        out_replay: *mut *mut plsm_replay_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_replay_schedule(
        replay: *mut plsm_replay_t,
        timestamp_ns: u64,
        out_wait_ns: *mut u64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_replay_left(
        replay: *mut plsm_replay_t,
        out_wait_ns: *mut u64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_replay_wait(
        replay: *mut plsm_replay_t,
        wait_ms: u64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_replay_cancel(replay: *mut plsm_replay_t);
}
unsafe extern "C" {
    pub fn plsm_replay_reset_cancel(replay: *mut plsm_replay_t);
}
unsafe extern "C" {
    pub fn plsm_replay_free(replay: *mut plsm_replay_t);
}
unsafe extern "C" {
    pub fn plsm_stream_open(
        pool: *mut plsm_pool_t,
        since_seq: u64,
        has_since: u32,
        max_messages: u64,
        has_max: u32,
        timeout_ms: u64,
        has_timeout: u32,
        out_stream: *mut *mut plsm_stream_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_stream_open_ex(
        pool: *mut plsm_pool_t,
        options: *const plsm_stream_options_t,
        out_stream: *mut *mut plsm_stream_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_stream_next(
        stream: *mut plsm_stream_t,
        out_message: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_stream_free(stream: *mut plsm_stream_t);
}
unsafe extern "C" {
    pub fn plsm_pool_tail(
        pool: *mut plsm_pool_t,
        options: *const plsm_tail_options_t,
        out_stream: *mut *mut plsm_stream_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_stream_seek(
        stream: *mut plsm_stream_t,
        start: u32,
        value: u64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_stream_token(
        stream: *mut plsm_stream_t,
        out_token: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_wait_any(
        streams: *const *mut plsm_stream_t,
        streams_len: usize,
        wait_ms: u64,
        out_index: *mut usize,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_lite3_from_json(
        json: *const u8,
        json_len: usize,
        out_lite3: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_json_check(
        json: *const u8,
        json_len: usize,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_lite3_to_json(
        lite3: *const u8,
        lite3_len: usize,
        out_json: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_lite3_check(
        lite3: *const u8,
        lite3_len: usize,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_time_format(
        timestamp_ns: u64,
        out_text: *mut plsm_buf_t,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_time_parse(
        text: *const ::core::ffi::c_char,
        text_len: usize,
        out_timestamp_ns: *mut u64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
unsafe extern "C" {
    pub fn plsm_duration_parse(
        text: *const ::core::ffi::c_char,
        text_len: usize,
        out_ns: *mut u64,
        out_err: *mut *mut plsm_error_t,
    ) -> ::core::ffi::c_int;
}
