//! Arguments of `serve`, `serve init` and `serve check`.

use super::examples;
use super::pool::JsonOutput;
use clap::{Args, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Arguments of `serve`.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) options: ServeOptions,
    #[command(subcommand)]
    pub(crate) command: Option<ServeCommand>,
}

/// What `serve` can do besides serving.
#[derive(Debug, Subcommand)]
pub(crate) enum ServeCommand {
    /// Make a token, a certificate and its key for a server that other machines can reach
    ///
    /// The token and the key are readable by their owner only. For an address of all interfaces the certificate
    /// names this machine's own names and addresses. Relative paths count from the output directory.
    #[command(verbatim_doc_comment)]
    Init(InitArgs),
    /// Check the options that stand before `check` without serving
    Check(CheckArgs),
}

/// Options of `serve`. None of them is filled in here, so that it can be told what was typed.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ServeOptions {
    /// The address and port to listen on; port 0 takes any that is free [default: 127.0.0.1:9700].
    #[arg(long, value_name = "IP:PORT", value_parser = parse_bind)]
    pub(crate) bind: Option<SocketAddr>,
    /// What clients may do [default: read-write].
    #[arg(long, value_name = "MODE", value_enum)]
    pub(crate) access: Option<AccessMode>,
    /// Let pages of this origin use the server; may be given often.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) cors_origin: Vec<String>,
    /// Answer for this host name too, as when a proxy stands in front; may be given often.
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// The token clients must show. Others on this machine can see it: better use --token-file.
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file")]
    pub(crate) token: Option<String>,
    /// The file with the token clients must show.
    #[arg(long, value_name = "PATH")]
    pub(crate) token_file: Option<PathBuf>,
    /// The file with the certificate (PEM, with its chain).
    #[arg(long, value_name = "PATH")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The file with the certificate's private key (PEM).
    #[arg(long, value_name = "PATH")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Make a certificate for this run, and print it.
    #[arg(long)]
    pub(crate) tls_self_signed: bool,
    /// Listen where other machines can reach it.
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,
    /// Let the token cross the network in the clear, as when something else encrypts.
    #[arg(long)]
    pub(crate) insecure_no_tls: bool,
    /// Show clients the paths of pools on this machine.
    #[arg(long)]
    pub(crate) show_paths: bool,
    /// The largest body of a request, in bytes [default: 1048576].
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_body_bytes: Option<usize>,
    /// The longest life of a tail once its start is found, in milliseconds [default: 30000].
    #[arg(long, value_name = "MS")]
    pub(crate) max_tail_timeout_ms: Option<u64>,
    /// How many tails at once [default: 64].
    #[arg(long, value_name = "N")]
    pub(crate) max_tail_concurrency: Option<u32>,
}

/// The values of `--access`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccessMode {
    /// Everything.
    ReadWrite,
    /// No appending, creating and deleting.
    ReadOnly,
    /// No reading.
    WriteOnly,
}

/// Arguments of `serve check`.
#[derive(Args, Debug)]
#[command(after_help = examples::SERVE_CHECK)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) json: JsonOutput,
}

/// Arguments of `serve init`.
#[derive(Args, Debug)]
#[command(after_help = examples::SERVE_INIT)]
pub(crate) struct InitArgs {
    /// The address and port the server is to listen on.
    #[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:9700", value_parser = parse_bind_of_init)]
    pub(crate) bind: SocketAddr,
    /// Where the files go; the directory is made when it is not there.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) output_dir: PathBuf,
    /// The file for the token.
    #[arg(long, value_name = "PATH", default_value = "plasmite-auth-token.txt")]
    pub(crate) token_file: PathBuf,
    /// The file for the certificate.
    #[arg(long, value_name = "PATH", default_value = "plasmite-tls-cert.pem")]
    pub(crate) tls_cert: PathBuf,
    /// The file for the private key.
    #[arg(long, value_name = "PATH", default_value = "plasmite-tls-key.pem")]
    pub(crate) tls_key: PathBuf,
    /// Replace files that are there.
    #[arg(long)]
    pub(crate) force: bool,
}

fn parse_bind(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "an address is a numeric IP and a port, like 127.0.0.1:9700, 0.0.0.0:9700 or [::1]:9700"
            .into()
    })
}

/// Names the port that clients are to use.
fn parse_bind_of_init(text: &str) -> Result<SocketAddr, String> {
    match parse_bind(text)? {
        address if address.port() == 0 => {
            Err("the commands for clients need a port they can name, like 9700".into())
        }
        address => Ok(address),
    }
}
