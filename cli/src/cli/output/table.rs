//! Tables: columns padded with blanks, two blanks between them.

use super::stdout::Stdout;
use crate::cli::exit::Failure;
use std::path::Path;

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
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
        };
        let widths: Vec<_> = (0..columns)
            .map(|column| width(column).unwrap_or(0))
            .collect();
        for row in &self.rows {
            let mut line = String::new();
            for (index, cell) in row.iter().enumerate() {
                line.push_str(cell);
                if index + 1 < row.len() {
                    let padding = widths[index] - cell.chars().count() + 2;
                    line.extend(std::iter::repeat_n(' ', padding));
                }
            }
            out.line(&line)?;
        }
        Ok(())
    }
}

/// A path for a table: relative to the pool directory when inside it, else the file's name.
pub(crate) fn short_path(path: &Path, directory: &Path) -> String {
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
