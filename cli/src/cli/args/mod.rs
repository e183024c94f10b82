//! The command line: clap only, no action.

mod completion;
mod doctor;
mod duplex;
mod examples;
mod feed;
mod fetch;
mod follow;
mod parse;
mod pool;
mod read;
mod remote;
#[cfg(feature = "serve")]
mod serve;
mod tap;
mod values;

pub(super) use completion::{CompletionArgs, ManPagesArgs};
pub(super) use doctor::DoctorArgs;
pub(super) use duplex::DuplexArgs;
pub(super) use feed::{FeedArgs, Form, OnError};
pub(super) use fetch::FetchArgs;
pub(super) use follow::FollowArgs;
pub(super) use parse::parse;
pub(super) use pool::{CreateArgs, DeleteArgs, InfoArgs, ListArgs, MigrateArgs, PoolCommand};
pub(super) use read::{Format, ReadArgs};
pub(super) use remote::RemoteArgs;
#[cfg(feature = "serve")]
pub(super) use serve::{AccessMode, InitArgs, ServeArgs, ServeCommand, ServeOptions};
pub(super) use tap::TapArgs;
pub(super) use values::{Durability, Since};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Send and receive JSON messages through pools
///
/// A pool is one file on disk, a ring buffer of fixed size that any number of processes write and
/// read at once. There is no server: `feed` appends, `follow` shows messages as they come, and the
/// oldest make room for the newest.
///
/// A POOL is a name (NAME is the file NAME.plasmite in the pool directory), with a `/` in it the
/// path of a file, or the address of a pool of a server: https://HOST:9700/NAME (see `serve`).
#[derive(Debug, Parser)]
#[command(
    name = "plasmite",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    propagate_version = true,
    verbatim_doc_comment,
    after_help = examples::TOP,
    after_long_help = format!("{}\n\n{}", examples::TOP, examples::TOP_MORE)
)]
pub(super) struct Top {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The whole command line, for scripts and pages made from it.
pub(super) fn definitions() -> clap::Command {
    Top::command()
}

/// Options that may stand before or after the command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of all commands")]
pub(super) struct Global {
    /// The directory of the pools [default: ~/.plasmite/pools]; or the address of a server whose pools are meant.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        overrides_with = "dir"
    )]
    pub(super) dir: Option<PathBuf>,
    /// When to colour the output [default: auto].
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        overrides_with = "color"
    )]
    pub(super) color: Option<Color>,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    #[default]
    Auto,
    /// Also in a pipe, where the output is indented.
    Always,
    /// Never.
    Never,
}

/// The commands, each named as typed.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create, list, describe, convert and delete pools.
    #[command(subcommand, arg_required_else_help = true, after_help = examples::POOL)]
    Pool(PoolCommand),
    /// Append messages to a pool
    ///
    /// A message is any JSON value: DATA on the command line, or the values in --file or on standard input,
    /// each appended the moment it is complete: JSON Lines, pretty-printed values, JSON sequences
    /// (`journalctl -o json-seq`) and event streams are told apart by their first bytes. For each message a
    /// receipt with its number and time is printed. A bad record ends the command, and those before it stay
    /// appended; with --errors skip it is reported, the others go on, and the exit status is 1. A line that ends too
    /// early can take the next one with it: for one value a line, --in jsonl loses only the bad line. When nobody reads
    /// the receipts any more the command ends, also with input left, and the exit status is 0.
    #[command(verbatim_doc_comment)]
    Feed(FeedArgs),
    /// Show one message by its sequence number.
    Fetch(FetchArgs),
    /// Show the messages of a pool as they come
    ///
    /// Without --tail, --since or --from only messages appended from now on are shown. With --no-follow
    /// the command shows what the pool holds and ends; with --replay it shows that with its gaps.
    #[command(verbatim_doc_comment)]
    Follow(FollowArgs),
    /// Send and receive from one command: a chat, or a pipe in both directions
    ///
    /// On a terminal each line you type becomes the message {"from":NAME,"msg":LINE}, and what others send is shown
    /// above the line you are typing, as lines of a chat; --format pretty shows them whole. Otherwise standard input
    /// is read like that of feed and messages are shown like those of follow; at the end of the input what there is
    /// by then is still shown. The first side to end ends both.
    #[command(verbatim_doc_comment)]
    Duplex(DuplexArgs),
    /// Run a command and record what it prints, line by line
    ///
    /// The command's output is shown as if it ran by itself, and each line of it becomes a message
    /// {"kind":"line","stream":"stdout","line":...}; messages tagged `lifecycle` tell its start and its end. tap ends
    /// like the command: with its exit code, or with 128 and the number of the signal that killed it. Signals that ask
    /// it to end are passed on to the command. Programs that the command leaves behind are waited for as long as they
    /// hold its output; a signal ends that wait. Lines too long for the pool are cut, and "cut" tells by how many
    /// bytes. When recording fails, the command runs on, and its end shows the error.
    #[command(verbatim_doc_comment)]
    Tap(TapArgs),
    /// Look whether pools are in order
    ///
    /// Everything that readers rely on is checked: superblock, control page, the checksum of every
    /// message, the order of numbers and times, tags and contents, index. Nothing is written or repaired,
    /// and pools in use stay in use.
    #[command(verbatim_doc_comment)]
    Doctor(DoctorArgs),
    /// Serve the pools to other programs and machines over HTTP
    ///
    /// Without options only programs on this machine can reach the server, at http://127.0.0.1:9700. For other
    /// machines make a token and a certificate with `serve init`, which also prints the commands to use them.
    /// `serve check` says whether options are good without serving. SIGINT and SIGTERM end the server.
    #[cfg(feature = "serve")]
    #[command(verbatim_doc_comment, after_help = examples::SERVE)]
    Serve(Box<ServeArgs>),
    /// Give pools to a language model, by the Model Context Protocol
    ///
    /// The program that runs the model starts this command and speaks JSON-RPC with it, one message a line on standard
    /// input and output. The tools list, create, describe and delete pools, append messages, and read and wait for them;
    /// pools are resources too. The end of the input ends it. `serve` offers the same over HTTP, at /mcp.
    #[cfg(feature = "serve")]
    #[command(verbatim_doc_comment, after_help = examples::MCP)]
    Mcp,
    /// Show the version
    #[command(after_help = examples::VERSION)]
    Version,
    /// Print a script with which a shell completes `plasmite` and `pls`
    Completion(CompletionArgs),
    /// Write the manual pages of all commands into a directory
    #[command(hide = true)]
    ManPages(ManPagesArgs),
}
