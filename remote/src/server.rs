//! A server: creating, opening, listing and deleting its pools.

use std::sync::Arc;

use plasmite_core::json::object;
use plasmite_core::store::{ListEntry, OpenOptions, PoolOptions};
use plasmite_core::{Error, ErrorKind, Result};
use ureq::http::Method;

use crate::address::encode;
use crate::info::{self, member, parse};
use crate::request::{Call, Link, JSON};
use crate::{Pool, Settings};

/// A server. Touches no network by itself; clones share connections.
#[derive(Clone, Debug)]
pub struct Server {
    link: Arc<Link>,
}

impl Server {
    /// The server at this base, as [`crate::Address::base`] gives it.
    pub fn new(base: &str, settings: Settings) -> Server {
        Server {
            link: Arc::new(Link::new(base, settings)),
        }
    }

    /// Scheme, host and port.
    pub fn base(&self) -> &str {
        self.link.base()
    }

    /// Creates a pool.
    ///
    /// # Errors
    /// AlreadyExists; Usage (name, size, a mode for the file, which is the server's own); those of requests.
    pub fn create(&self, name: &str, options: &PoolOptions) -> Result<Pool> {
        if options.file_mode.is_some() {
            return Err(
                Error::usage("the mode of a pool's file cannot be set through a server")
                    .with_hint("leave file_mode out, or create the pool on the server's machine"),
            );
        }
        let mut body = Vec::new();
        object(&mut body, |members| {
            members.text("pool", name);
            if options.size != 0 {
                members.number("size_bytes", options.size);
            }
            if let Some(capacity) = options.index_capacity {
                members.number("index_capacity", u64::from(capacity));
            }
        });
        let call = Call {
            writes: true,
            ..Call::post("/v0/pools", JSON, &body).of_pool(name)
        };
        let answer = self.link.call(&call)?;
        self.pool(name, false, Some(&answer))
            .map_err(Error::with_maybe_written)
    }

    /// Opens a pool. A server that allows no reading is not asked: whether the pool is there, an append will tell.
    ///
    /// # Errors
    /// NotFound; those of requests.
    pub fn open(&self, name: &str, options: &OpenOptions) -> Result<Pool> {
        let mut body = Vec::new();
        object(&mut body, |members| members.text("pool", name));
        match self
            .link
            .call(&Call::post("/v0/pools/open", JSON, &body).of_pool(name))
        {
            Ok(answer) => self.pool(name, options.read_only, Some(&answer)),
            Err(error) if may_only_write(&error) && !options.read_only => {
                self.pool(name, false, None)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens a pool, or creates it; true when it was created by this call.
    ///
    /// # Errors
    /// As [`Server::create`] and [`Server::open`].
    pub fn ensure(&self, name: &str, options: &PoolOptions) -> Result<(Pool, bool)> {
        let open = OpenOptions::default();
        match self.open(name, &open) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => return other.map(|pool| (pool, false)),
        }
        match self.create(name, options) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.open(name, &open).map(|pool| (pool, false))
            }
            other => other.map(|pool| (pool, true)),
        }
    }

    /// Whether the server has a pool of this name.
    ///
    /// # Errors
    /// Those of requests.
    pub fn exists(&self, name: &str) -> Result<bool> {
        let path = format!("/v0/pools/{}/info", encode(name));
        match self.link.call(&Call::get(&path).of_pool(name)) {
            Ok(_) => Ok(true),
            Err(error) => match error.kind() {
                ErrorKind::NotFound => Ok(false),
                // It is there, as a damaged file is.
                ErrorKind::Corrupt => Ok(true),
                _ => Err(error),
            },
        }
    }

    /// Deletes a pool.
    ///
    /// # Errors
    /// NotFound, Busy; those of requests.
    pub fn delete(&self, name: &str) -> Result<()> {
        let path = format!("/v0/pools/{}", encode(name));
        let call = Call {
            method: Method::DELETE,
            writes: true,
            ..Call::get(&path).of_pool(name)
        };
        self.link.call(&call).map(|_| ())
    }

    /// The pools by name; one that the server cannot read is an entry with its error.
    ///
    /// # Errors
    /// Those of requests.
    pub fn list(&self) -> Result<Vec<ListEntry>> {
        info::list(&self.link.call(&Call::get("/v0/pools"))?)
    }

    fn pool(&self, name: &str, read_only: bool, answer: Option<&[u8]>) -> Result<Pool> {
        let info = answer
            .map(|answer| info::info(&parse(member(answer, "pool")?)?, read_only))
            .transpose()?;
        Ok(Pool::new(Arc::clone(&self.link), name, read_only, info))
    }
}

/// Whether a server refused to let its pools be read, but perhaps not written.
fn may_only_write(error: &Error) -> bool {
    error.kind() == ErrorKind::Permission && error.message().starts_with("forbidden:")
}
