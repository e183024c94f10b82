//! `man-pages`, which `make install` calls: the manual pages of all commands, under both names.

use crate::cli::args::{definitions, ManPagesArgs};
use crate::cli::exit::{Outcome, SUCCESS};
use crate::{Error, ErrorKind};
use clap::Command;
use clap_mangen::roff::{roman, Roff};
use clap_mangen::Man;
use std::fs;
use std::io;
use std::path::Path;

pub(super) fn run(args: &ManPagesArgs) -> Outcome {
    write_all(&args.directory).map_err(|error| {
        Error::new(
            ErrorKind::Io,
            format!("cannot write the manual pages: {error}"),
        )
        .with_path(args.directory.to_string_lossy())
    })?;
    Ok(SUCCESS)
}

fn write_all(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let mut top = definitions().disable_help_subcommand(true);
    top.build();
    write(&top, &[], directory)
}

/// Writes a command's page, and those of its subcommands.
fn write(command: &Command, parents: &[&str], directory: &Path) -> io::Result<()> {
    let path = [parents, &[command.get_name()]].concat();
    let name = path.join("-");
    fs::write(directory.join(format!("{name}.1")), page(command, &name)?)?;
    // The other name's page is the same one.
    let other = name.replacen("plasmite", "pls", 1);
    fs::write(
        directory.join(format!("{other}.1")),
        format!(".so man1/{name}.1\n"),
    )?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        write(sub, &path, directory)?;
    }
    Ok(())
}

fn page(command: &Command, name: &str) -> io::Result<Vec<u8>> {
    let version = env!("CARGO_PKG_VERSION");
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .source(format!("plasmite {version}"))
        .manual("Plasmite");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    if command.get_subcommands().any(|sub| !sub.is_hide_set()) {
        man.render_subcommands_section(&mut out)?;
    }
    let more = command
        .get_after_long_help()
        .or(command.get_after_help())
        .map(ToString::to_string);
    sections(&more.unwrap_or_default()).to_writer(&mut out)?;
    Ok(out)
}

/// What stands behind the options in the help: parts that begin with a title and a colon become sections, line by line
/// as they are.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    for part in text.split("\n\n") {
        let (title, body) = match part.split_once(':') {
            Some((title, body))
                if title
                    .chars()
                    .all(|char| char.is_alphabetic() || char == ' ') =>
            {
                (title.to_uppercase(), body)
            }
            _ => ("NOTES".to_owned(), part),
        };
        roff.control("SH", [title.as_str()]);
        roff.control("nf", []);
        for line in body.trim_matches(['\n', ' ']).lines() {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        roff.control("fi", []);
    }
    roff
}
