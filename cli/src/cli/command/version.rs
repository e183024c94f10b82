//! `version`

use crate::cli::context::Context;
use crate::cli::exit::{Outcome, SUCCESS};

pub(super) fn run(context: &mut Context) -> Outcome {
    let version = env!("CARGO_PKG_VERSION");
    match context.out.is_terminal() {
        true => context.out.line(&format!("plasmite {version}"))?,
        false => context
            .out
            .line(&format!(r#"{{"name":"plasmite","version":"{version}"}}"#))?,
    }
    Ok(SUCCESS)
}
