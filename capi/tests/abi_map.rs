//! docs/abi.md maps every row of capi/abi_rows.txt to functions that exist and tests that exist, or says why not.

mod common;

use std::collections::BTreeSet;

/// `(section, first cell, other cells)` of the tables under level-3 headings.
fn table_rows(text: &str) -> Vec<(String, String, Vec<String>)> {
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            section = heading.to_owned();
        }
        let Some(cells) = line
            .strip_prefix('|')
            .and_then(|line| line.strip_suffix('|'))
        else {
            continue;
        };
        let mut cells = cells.split('|').map(|cell| cell.trim().to_owned());
        let first = cells.next().unwrap_or_default();
        if !section.is_empty() && first != "capability" && !first.starts_with("---") {
            rows.push((section.clone(), first, cells.collect()));
        }
    }
    rows
}

fn listed_rows() -> Vec<(String, String)> {
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in common::read("capi/abi_rows.txt").lines() {
        match line.strip_prefix("## ") {
            Some(heading) => section = heading.to_owned(),
            None if line.is_empty() || line.starts_with('#') => {}
            None => rows.push((section.clone(), line.to_owned())),
        }
    }
    assert!(rows.len() > 50, "only {} rows are listed", rows.len());
    rows
}

/// The words of a cell between backquotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_row_is_mapped() {
    let rows = table_rows(&common::read("docs/abi.md"));
    let mapped: Vec<(String, String)> = rows
        .iter()
        .map(|(section, row, _)| (section.clone(), row.clone()))
        .collect();
    assert_eq!(
        mapped,
        listed_rows(),
        "docs/abi.md and capi/abi_rows.txt have different rows"
    );

    let symbols: BTreeSet<String> = common::list("capi/symbols.txt")
        .into_iter()
        .map(|line| line[0].clone())
        .collect();
    for (_, row, cells) in &rows {
        let [functions, tests] = &cells[..] else {
            panic!("{row}: expected three cells")
        };
        for name in quoted(functions)
            .into_iter()
            .filter(|name| name.starts_with("plsm_") && !name.ends_with("_t"))
        {
            assert!(
                symbols.contains(name),
                "{row}: {name} is not in capi/symbols.txt"
            );
        }
        let tests = quoted(tests);
        for test in &tests {
            let (file, function) = test
                .split_once(": ")
                .unwrap_or_else(|| panic!("{row}: {test}"));
            let path = if file.contains('/') {
                file.to_owned()
            } else {
                format!("capi/tests/c/{file}")
            };
            let source = common::read(&path);
            let found = ["fn ", "void ", "int "]
                .iter()
                .any(|word| source.contains(&format!("{word}{function}(")));
            assert!(found, "{row}: {path} has no test {function}");
        }
        let postponed = functions.starts_with("not in this ABI");
        assert_eq!(
            tests.is_empty(),
            postponed,
            "{row}: wants either tests or the reason why it has none"
        );
    }
}

#[test]
fn every_function_is_documented_somewhere() {
    // A function that is neither in the tables nor one of the older twenty would be one nobody asked for, or a
    // row that forgets what it offers.
    let map = common::read("docs/abi.md");
    let named: BTreeSet<&str> = quoted(&map).into_iter().collect();
    for line in common::list("capi/symbols.txt")
        .iter()
        .filter(|line| line[1] != "0")
    {
        let name = line[0].as_str();
        assert!(
            named.contains(name) || name.ends_with("_free"),
            "{name} is in no row of docs/abi.md"
        );
    }
}

#[test]
fn rows_are_those_of_the_specification() {
    let given = std::env::var_os("PLASMITE_SPEC").map(std::path::PathBuf::from);
    let path = given
        .unwrap_or_else(|| common::root().join("../shared/spec"))
        .join("abi.md");
    let Ok(text) = std::fs::read_to_string(&path) else {
        common::left_out(&format!(
            "no shared specification at {} (set PLASMITE_SPEC to its folder)",
            path.display()
        ));
        return;
    };
    let (_, tables) = text.split_once("## 14. Gaps").expect("section 14");
    let (tables, _) = tables.split_once("\n## ").expect("section 15");
    let wanted: Vec<(String, String)> = table_rows(tables)
        .into_iter()
        .map(|(section, row, _)| (section, row))
        .collect();
    assert_eq!(wanted, listed_rows());
}
