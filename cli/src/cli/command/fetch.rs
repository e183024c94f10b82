//! `fetch`

use super::advice::{self, Remedy};
use crate::cli::args::FetchArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Outcome, SUCCESS};
use crate::ErrorKind;

pub(super) fn run(context: &mut Context, args: &FetchArgs) -> Outcome {
    let client = context.client_of("fetch", &args.remote, &[&args.pool])?;
    let pool = client
        .open_pool(&args.pool)
        .map_err(|error| advice::about_missing(context, error, &args.pool, Remedy::Create))?;
    let json = pool
        .get_json(args.seq)
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let command = advice::info_command(context, &args.pool);
                error.with_hint(format!("see which messages the pool holds with: {command}"))
            }
            _ => error,
        })?;
    context.out.report(&json)?;
    Ok(SUCCESS)
}
