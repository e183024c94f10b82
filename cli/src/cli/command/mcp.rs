//! `mcp`

use crate::cli::context::Context;
use crate::cli::exit::{Outcome, SUCCESS};

pub(super) fn run(context: &Context) -> Outcome {
    crate::serve::serve_mcp(context.client("mcp", &[])?)?;
    Ok(SUCCESS)
}
