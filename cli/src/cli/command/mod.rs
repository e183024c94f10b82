//! The commands, one file each.

mod advice;
mod completion;
mod connection;
mod doctor;
mod duplex;
mod feed;
mod fetch;
mod follow;
mod losses;
mod man_pages;
#[cfg(feature = "serve")]
mod mcp;
mod output_closed;
mod pool_create;
mod pool_delete;
mod pool_info;
mod pool_list;
mod pool_migrate;
mod reader;
mod salvage;
#[cfg(feature = "serve")]
mod serve;
mod tap;
mod version;

use super::args::{Command, PoolCommand};
use super::context::Context;
use super::exit::Outcome;

/// Runs a command.
pub(super) fn run(context: &mut Context, command: Command) -> Outcome {
    match command {
        Command::Pool(PoolCommand::Create(args)) => pool_create::run(context, &args),
        Command::Pool(PoolCommand::Info(args)) => pool_info::run(context, &args),
        Command::Pool(PoolCommand::List(args)) => pool_list::run(context, &args),
        Command::Pool(PoolCommand::Delete(args)) => pool_delete::run(context, &args),
        Command::Pool(PoolCommand::Migrate(args)) => pool_migrate::run(context, &args),
        Command::Feed(args) => feed::run(context, &args),
        Command::Fetch(args) => fetch::run(context, &args),
        Command::Follow(args) => follow::run(context, &args),
        Command::Duplex(args) => duplex::run(context, &args),
        Command::Tap(args) => tap::run(context, &args),
        Command::Doctor(args) => doctor::run(context, &args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(context, *args),
        #[cfg(feature = "serve")]
        Command::Mcp => mcp::run(context),
        Command::Completion(args) => completion::run(context, &args),
        Command::ManPages(args) => man_pages::run(&args),
        Command::Version => version::run(context),
    }
}
