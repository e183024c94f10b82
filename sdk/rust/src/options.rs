//! How a pool is created and opened.

use crate::raw;

/// How a new pool is made. Everything has a default: 1 MiB, the library's index, mode 0600.
#[derive(Clone, Debug, Default)]
pub struct PoolOptions {
    size: u64,
    index_capacity: Option<u32>,
    file_mode: u32,
}

impl PoolOptions {
    /// The defaults.
    pub fn new() -> PoolOptions {
        PoolOptions::default()
    }

    /// The size of the file in bytes; it is exactly that and never grows. 0 means the default of 1 MiB.
    pub fn size(mut self, bytes: u64) -> PoolOptions {
        self.size = bytes;
        self
    }

    /// The number of index slots (16 bytes each); 0 makes none.
    pub fn index_capacity(mut self, slots: u32) -> PoolOptions {
        self.index_capacity = Some(slots);
        self
    }

    /// The permission bits of the file, less the process's umask. 0 means 0600.
    pub fn file_mode(mut self, mode: u32) -> PoolOptions {
        self.file_mode = mode;
        self
    }

    pub(crate) fn raw(&self) -> raw::plsm_pool_options_t {
        raw::plsm_pool_options_t {
            struct_size: size_of::<raw::plsm_pool_options_t>() as u32,
            has_index_capacity: self.index_capacity.is_some().into(),
            size_bytes: self.size,
            index_capacity: self.index_capacity.unwrap_or(0),
            file_mode: self.file_mode,
        }
    }
}

/// How an existing pool is opened.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    read_only: bool,
}

impl OpenOptions {
    /// For reading and writing; where writing is not permitted, for reading.
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Opens for reading only.
    pub fn read_only(mut self, read_only: bool) -> OpenOptions {
        self.read_only = read_only;
        self
    }

    pub(crate) fn raw(&self) -> raw::plsm_open_options_t {
        raw::plsm_open_options_t {
            struct_size: size_of::<raw::plsm_open_options_t>() as u32,
            flags: if self.read_only {
                raw::PLSM_OPEN_READ_ONLY
            } else {
                0
            },
        }
    }
}
