//! `completion`

use crate::cli::args::{definitions, CompletionArgs};
use crate::cli::context::Context;
use crate::cli::exit::{Outcome, SUCCESS};
use clap::{ArgAction, Command};
use clap_complete::Shell;

pub(super) fn run(context: &mut Context, args: &CompletionArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut offered(), "plasmite", &mut script);
    let script = completed(args.shell, &String::from_utf8_lossy(&script));
    context.out.buffer().extend_from_slice(script.as_bytes());
    context.out.flush()?;
    Ok(SUCCESS)
}

/// The command line without what no help shows: the scripts would offer it.
fn offered() -> Command {
    let all = definitions();
    let shown = all
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    Command::new("plasmite")
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .args(all.get_arguments().cloned())
        .subcommands(shown.cloned())
}

/// The script for `plasmite`, with names of pools and for `pls` as well.
fn completed(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => format!("{script}{}", pools_in_bash()),
        Shell::Zsh => pools_in_zsh(script)
            .replace("#compdef plasmite\n", "#compdef plasmite pls\n")
            .replace(
                "compdef _plasmite plasmite\n",
                "compdef _plasmite plasmite pls\n",
            ),
        Shell::Fish => format!(
            "{script}\n{}complete -c pls --wraps plasmite\n",
            pools_in_fish()
        ),
        Shell::PowerShell => script.replace(
            "-CommandName 'plasmite'",
            "-CommandName 'plasmite', 'pls'",
        ),
        Shell::Elvish => format!(
            "{script}set edit:completion:arg-completer[pls] = $edit:completion:arg-completer[plasmite]\n"
        ),
        _ => script.to_owned(),
    }
}

/// How many pools a command takes.
#[derive(Clone, Copy, PartialEq)]
enum Pools {
    One,
    Many,
}

/// The commands that take names of pools, each with the one it belongs to.
fn commands_with_pools() -> Vec<(Option<String>, String, Pools)> {
    fn collect(
        command: &Command,
        parent: Option<&str>,
        found: &mut Vec<(Option<String>, String, Pools)>,
    ) {
        for sub in command.get_subcommands() {
            let mut names = sub.get_positionals().filter_map(|arg| {
                let many = matches!(arg.get_action(), ArgAction::Append);
                let pool = arg.get_value_names()?.first()? == "POOL";
                pool.then_some(if many { Pools::Many } else { Pools::One })
            });
            if let Some(pools) = names.next() {
                found.push((parent.map(str::to_owned), sub.get_name().to_owned(), pools));
            }
            collect(sub, Some(sub.get_name()), found);
        }
    }
    let mut found = Vec::new();
    collect(&definitions(), None, &mut found);
    found
}

/// Spellings of all options whose value is the next word.
fn options_with_values() -> Vec<String> {
    fn collect(command: &Command, found: &mut Vec<String>) {
        for arg in command.get_opts() {
            found.extend(arg.get_long().map(|name| format!("--{name}")));
            found.extend(arg.get_short().map(|name| format!("-{name}")));
        }
        for sub in command.get_subcommands() {
            collect(sub, found);
        }
    }
    let mut found = Vec::new();
    collect(&definitions(), &mut found);
    found.sort();
    found.dedup();
    found
}

fn pools_in_bash() -> String {
    let commands = commands_with_pools();
    let named = |wanted: Pools| {
        let of_kind = commands.iter().filter(|(.., pools)| *pools == wanted);
        of_kind
            .map(|(_, name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(" | ")
    };
    include_str!("pools.bash")
        .replace("@VALUE_OPTIONS@", &options_with_values().join(" | "))
        .replace("@MANY_POOLS@", &named(Pools::Many))
        .replace("@ONE_POOL@", &named(Pools::One))
}

fn pools_in_zsh(script: &str) -> String {
    let mut out = String::new();
    for line in script.lines() {
        if line == "_plasmite_commands() {" {
            // Its guard stands on the line before.
            let guard = "(( $+functions[_plasmite_commands] )) ||\n";
            out.truncate(out.len() - guard.len());
            out.push_str(include_str!("pools.zsh"));
            out.push_str(guard);
        }
        let names = line.contains(":pool -- ") || line.contains(":pools -- ");
        match names {
            true => out.push_str(&line.replace(":_default'", ":_plasmite_pools'")),
            false => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

fn pools_in_fish() -> String {
    let mut out = include_str!("pools.fish").to_owned();
    for (parent, name, _) in commands_with_pools() {
        let condition = match parent {
            Some(parent) => format!(
                "__fish_plasmite_using_subcommand {parent}; and __fish_seen_subcommand_from {name}"
            ),
            None => format!("__fish_plasmite_using_subcommand {name}"),
        };
        out.push_str(&format!(
            "complete -c plasmite -n \"{condition}\" -f -a \"(__fish_plasmite_pools)\" -d 'Pool'\n"
        ));
    }
    out
}
