//! What a server is started with: settings, checked before anything is bound, and the files of `serve init`.

mod config;
mod files;
mod init;
mod limits;
pub(crate) mod names;
mod tls;

pub(crate) use config::{Access, Config, Settings};
pub(crate) use init::{Artifacts, InitSettings};
pub(crate) use limits::Limits;
