//! `pool delete`

use super::advice;
use crate::cli::args::DeleteArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::output::error;
use crate::cli::output::table::{short_path, Table};
use crate::cli::remote::pool_of;
use crate::json;
use crate::Error;
use std::path::{Path, PathBuf};

/// What became of one name.
struct Attempt<'a> {
    reference: &'a str,
    path: PathBuf,
    /// The file that went, when the path is a link to it.
    target: Option<PathBuf>,
    error: Option<Error>,
}

impl Attempt<'_> {
    fn target(&self) -> Option<String> {
        let target = self.target.as_ref()?;
        Some(target.to_string_lossy().into_owned())
    }

    /// What went behind a link, in words.
    fn linked(&self) -> String {
        let target = self
            .target()
            .map(|target| format!("a link to {target}, which was deleted"));
        target.unwrap_or_default()
    }

    fn behind(&self) -> String {
        match self.linked() {
            linked if linked.is_empty() => linked,
            linked => format!(": {linked}"),
        }
    }
}

pub(super) fn run(context: &mut Context, args: &DeleteArgs) -> Outcome {
    let references: Vec<&str> = args.pools.iter().map(String::as_str).collect();
    let client = context.client_of("pool delete", &args.remote, &references)?;
    let attempt = |reference: &String| {
        let path = match context.server_of(reference) {
            Some(server) => Ok(format!("{server}/{}", pool_of(reference)).into()),
            None => client.resolve(reference),
        };
        let target = path
            .as_ref()
            .ok()
            .filter(|path| path.is_symlink() && !context.is_remote(reference))
            .and_then(|path| path.canonicalize().ok());
        let outcome = match &path {
            Ok(_) => client.delete(reference),
            Err(error) => Err(error.clone()),
        };
        let error = outcome
            .err()
            .map(|error| advice::about_unknown(context, error, reference));
        let target = target.filter(|_| error.is_none());
        (path.unwrap_or_default(), target, error)
    };
    let attempts: Vec<Attempt<'_>> = args
        .pools
        .iter()
        .map(|reference| {
            let (path, target, error) = attempt(reference);
            Attempt {
                reference,
                path,
                target,
                error,
            }
        })
        .collect();
    let directory = client.pool_dir()?;
    let told = match (args.json.wanted(), context.out.is_terminal()) {
        (true, _) => report(context, &attempts),
        (false, true) => for_people(context, &attempts),
        (false, false) => table(context, &attempts, &directory),
    };
    told.and_then(|()| context.out.flush()).map_err(|failure| {
        let gone = attempts.iter().filter(|attempt| attempt.error.is_none());
        let gone: Vec<&str> = gone.map(|attempt| attempt.reference).collect();
        match &gone[..] {
            [] => failure.but_done("none was deleted"),
            gone => failure.but_done(&format!("deleted all the same: {}", gone.join(", "))),
        }
    })?;
    let failed = attempts.iter().find_map(|attempt| attempt.error.as_ref());
    Ok(failed.map_or(SUCCESS, |error| error.kind().exit_code()))
}

fn report(context: &mut Context, attempts: &[Attempt<'_>]) -> Result<(), Failure> {
    let mut text = Vec::new();
    json::object(&mut text, |top| {
        let deleted = attempts.iter().filter(|attempt| attempt.error.is_none());
        top.member("deleted", |out| {
            json::array(deleted, out, |attempt, out| {
                json::object(out, |object| {
                    object
                        .text("pool", attempt.reference)
                        .text("path", &attempt.path.to_string_lossy())
                        .maybe_text("target", attempt.target().as_deref());
                });
            });
        });
        let failed = attempts
            .iter()
            .filter_map(|attempt| Some((attempt.reference, attempt.error.as_ref()?)));
        top.member("failed", |out| {
            json::array(failed, out, |(reference, error), out| {
                let there = context.is_remote(reference);
                json::object(out, |object| {
                    object
                        .text("pool", reference)
                        .object("error", |object| error::members(error, there, object));
                });
            });
        });
    });
    context.out.report(&text)
}

fn table(context: &mut Context, attempts: &[Attempt<'_>], directory: &Path) -> Result<(), Failure> {
    let mut table = Table::new(&["NAME", "STATUS", "PATH", "DETAIL"]);
    for attempt in attempts {
        let (status, detail) = match &attempt.error {
            None => ("OK", attempt.linked()),
            Some(error) => ("ERR", format!("{}: {}", error.kind(), error.message())),
        };
        let path = short_path(&attempt.path, directory);
        table.row([
            attempt.reference.to_owned(),
            status.to_owned(),
            path,
            detail,
        ]);
    }
    table.print(&mut context.out)
}

fn for_people(context: &mut Context, attempts: &[Attempt<'_>]) -> Result<(), Failure> {
    if let [attempt] = attempts {
        context.out.line(&match &attempt.error {
            None => format!(
                "Deleted the pool {} ({}){}",
                attempt.reference,
                attempt.path.display(),
                attempt.behind()
            ),
            Some(error) => format!(
                "Could not delete {}: {}",
                attempt.reference,
                error.message()
            ),
        })?;
        let hint = attempt.error.as_ref().and_then(Error::hint);
        return hint.map_or(Ok(()), |hint| context.out.line(&format!("  {hint}")));
    }
    for attempt in attempts {
        context.out.line(&match &attempt.error {
            None => format!("✓ {}{}", attempt.reference, attempt.behind()),
            Some(error) => format!("✗ {}: {}", attempt.reference, error.message()),
        })?;
    }
    Ok(())
}
