//! Clients: a directory or a server, and references looked up there or given as addresses.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use plasmite_core::store::{self, ListEntry, OpenOptions, PoolOptions};
use plasmite_core::{Error, Result};
use plasmite_remote::{Address, Server, Settings};

use super::Pool;

/// Where plain names are looked up, and what is brought along to servers.
pub(crate) struct Client {
    home: Home,
    settings: Settings,
    /// Those met so far by their addresses, so that their connections are used again.
    servers: Mutex<Vec<Server>>,
}

enum Home {
    Directory(store::Client),
    Server(Server),
}

/// What a reference means.
enum Place<'a> {
    /// A pool of this machine, by its reference.
    Local(&'a store::Client, &'a str),
    /// A pool of a server, by its name.
    Remote(Server, String),
}

impl Client {
    /// A client of a directory, or of a server when its address is given instead.
    pub(crate) fn new(home: Option<&str>, settings: Settings) -> Result<Client> {
        let home = match home {
            Some(url) if Address::is_url(url) => {
                let address = Address::parse(url)?;
                if address.pool().is_some() {
                    return Err(Error::usage(format!(
                        "{url:?} is the address of a pool, not of a server"
                    ))
                    .with_hint("leave out what stands behind the host and port"));
                }
                Home::Server(Server::new(address.base(), settings.clone()))
            }
            directory => Home::Directory(store::Client::new(directory.map(Path::new))?),
        };
        Ok(Client {
            home,
            settings,
            servers: Mutex::default(),
        })
    }

    /// What a reference means.
    #[inline]
    fn place<'a>(&'a self, reference: &'a str) -> Result<Place<'a>> {
        if !Address::is_url(reference) {
            return match &self.home {
                Home::Directory(client) => Ok(Place::Local(client, reference)),
                Home::Server(server) => Ok(Place::Remote(server.clone(), reference.to_owned())),
            };
        }
        let address = Address::parse(reference)?;
        let Some(pool) = address.pool() else {
            return Err(Error::usage(format!(
                "{reference:?} is the address of a server, not of a pool"
            ))
            .with_hint("add the pool's name: http://host:9700/pool"));
        };
        Ok(Place::Remote(self.server(&address), pool.to_owned()))
    }

    fn server(&self, address: &Address) -> Server {
        if let Home::Server(server) = &self.home {
            if server.base() == address.base() {
                return server.clone();
            }
        }
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = servers
            .iter()
            .find(|server| server.base() == address.base())
        {
            return server.clone();
        }
        // A token that was given for one server is no other's business.
        let settings = match &self.home {
            Home::Server(_) => self.settings.without_token(),
            Home::Directory(_) => self.settings.clone(),
        };
        let server = Server::new(address.base(), settings);
        servers.push(server.clone());
        server
    }

    /// The directory of a client that has one.
    pub(crate) fn directory(&self) -> Result<&store::Client> {
        match &self.home {
            Home::Directory(client) => Ok(client),
            Home::Server(server) => Err(not_here(server.base())),
        }
    }

    /// The directory, or the server's address.
    pub(crate) fn home(&self) -> &Path {
        match &self.home {
            Home::Directory(client) => client.pool_dir(),
            Home::Server(server) => Path::new(server.base()),
        }
    }

    /// For calls that need the file itself.
    pub(crate) fn local(&self, reference: &str) -> Result<&store::Client> {
        match Address::is_url(reference) {
            true => Err(not_here(reference)),
            false => self.directory(),
        }
    }

    pub(crate) fn create(&self, reference: &str, options: &PoolOptions) -> Result<Pool> {
        match self.place(reference)? {
            Place::Local(client, name) => client.create(name, options).map(Pool::Local),
            Place::Remote(server, name) => server.create(&name, options).map(Pool::Remote),
        }
    }

    pub(crate) fn ensure(&self, reference: &str, options: &PoolOptions) -> Result<(Pool, bool)> {
        match self.place(reference)? {
            Place::Local(client, name) => client
                .ensure(name, options)
                .map(|(pool, created)| (Pool::Local(pool), created)),
            Place::Remote(server, name) => server
                .ensure(&name, options)
                .map(|(pool, created)| (Pool::Remote(pool), created)),
        }
    }

    pub(crate) fn open(&self, reference: &str, options: &OpenOptions) -> Result<Pool> {
        match self.place(reference)? {
            Place::Local(client, name) => client.open(name, options).map(Pool::Local),
            Place::Remote(server, name) => server.open(&name, options).map(Pool::Remote),
        }
    }

    pub(crate) fn exists(&self, reference: &str) -> Result<bool> {
        match self.place(reference)? {
            Place::Local(client, name) => client.exists(name),
            Place::Remote(server, name) => server.exists(&name),
        }
    }

    pub(crate) fn delete(&self, reference: &str) -> Result<()> {
        match self.place(reference)? {
            Place::Local(client, name) => client.delete(name),
            Place::Remote(server, name) => server.delete(&name),
        }
    }

    pub(crate) fn list(&self) -> Result<Vec<ListEntry>> {
        match &self.home {
            Home::Directory(client) => client.list(),
            Home::Server(server) => server.list(),
        }
    }
}

/// The error of a call that needs the file.
#[cold]
pub(crate) fn not_here(address: &str) -> Error {
    Error::usage("this call takes pools of this machine, not those of a server")
        .with_path(address)
        .with_hint("make it on the server's machine, where the pool's file is")
}
