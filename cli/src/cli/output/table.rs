//! Tables: columns padded with blanks, two blanks between them.

use super::paint;
use super::stdout::Stdout;
use crate::cli::exit::Failure;
use crate::cli::remote::is_url;
use crate::cli::terminal::printable;
use std::path::Path;
use unicode_width::UnicodeWidthStr;

/// A table being collected.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column titles.
    pub(crate) fn new(titles: &[&str]) -> Table {
        Table {
            rows: vec![titles.iter().map(|title| (*title).to_owned()).collect()],
        }
    }

    /// Adds a row. An empty cell becomes `-`, line ends are shown as `\n`.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let tidy = |cell: String| match cell.is_empty() {
            true => "-".to_owned(),
            false => cell.replace('\n', "\\n").replace('\r', "\\r"),
        };
        self.rows.push(cells.into_iter().map(tidy).collect());
    }

    /// Prints it. The last column is not padded.
    pub(crate) fn print(&self, out: &mut Stdout) -> Result<(), Failure> {
        self.print_aligned(out, &[])
    }

    /// Prints it with the columns of these titles aligned to the right, as people like numbers.
    pub(crate) fn print_aligned(&self, out: &mut Stdout, right: &[&str]) -> Result<(), Failure> {
        let Some((titles, rows)) = self.rows.split_first() else {
            return Ok(());
        };
        // On a terminal nothing in a name is taken for a command.
        let shown = |cell: &String| match out.is_terminal() {
            true => printable(cell),
            false => cell.clone(),
        };
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(shown).collect())
            .collect();
        let widths: Vec<usize> = (0..titles.len())
            .map(|column| {
                let cells = rows
                    .iter()
                    .chain([titles])
                    .filter_map(|row| row.get(column));
                cells.map(|cell| cell.width()).max().unwrap_or(0)
            })
            .collect();
        for (number, row) in [titles].into_iter().chain(&rows).enumerate() {
            let mut line = String::new();
            for (index, cell) in row.iter().enumerate() {
                let padding = " ".repeat(widths[index].saturating_sub(cell.width()));
                let gap = if index > 0 { "  " } else { "" };
                let painted = match number {
                    0 => out.label(cell, paint::CYAN),
                    _ => cell.clone(),
                };
                let last = index + 1 == row.len();
                match right.contains(&titles[index].as_str()) {
                    true => line.push_str(&format!("{gap}{padding}{painted}")),
                    false if last => line.push_str(&format!("{gap}{painted}")),
                    false => line.push_str(&format!("{gap}{painted}{padding}")),
                }
            }
            out.line(&line)?;
        }
        Ok(())
    }
}

/// A path for a table: relative to the pool directory when inside it, else the file's name. An address stays whole.
pub(crate) fn short_path(path: &Path, directory: &Path) -> String {
    if path.to_str().is_some_and(is_url) {
        return path.to_string_lossy().into_owned();
    }
    let short = path
        .strip_prefix(directory)
        .ok()
        .filter(|rest| !rest.as_os_str().is_empty());
    short
        .or(path.file_name().map(Path::new))
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned()
}
