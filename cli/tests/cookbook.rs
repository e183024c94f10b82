//! Documents whose examples are run: each shell block in a real shell, each output compared.
#![cfg(feature = "cli")]

mod common;
#[path = "cookbook/network.rs"]
mod network;
#[path = "cookbook/recipe.rs"]
mod recipe;
#[path = "cookbook/stage.rs"]
mod stage;

use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn play(path: &str) {
    let document = read(path);
    let recipes = recipe::recipes(&document);
    assert!(!recipes.is_empty(), "{path}: nothing to run");
    let only = std::env::var("PLASMITE_RECIPE").unwrap_or_default();
    for recipe in recipes.iter().filter(|recipe| recipe.title.contains(&only)) {
        stage::play(path, recipe);
    }
}

#[test]
fn the_cookbook() {
    play("../docs/cookbook.md");
}

/// The rest of what the README and the product's description show.
#[test]
fn what_was_promised() {
    play("tests/cookbook/promises.md");
}

/// Scripts that are run, line by line, without the blanks that only lay them out.
fn lines_that_run() -> Vec<String> {
    let documents = ["../docs/cookbook.md", "tests/cookbook/promises.md"].map(read);
    let steps = documents
        .iter()
        .flat_map(|document| recipe::recipes(document))
        .flat_map(|recipe| recipe.steps);
    let scripts = steps.filter_map(|step| match step.what {
        recipe::What::Run { script, .. } | recipe::What::Start { script, .. } => Some(script),
        _ => None,
    });
    scripts
        .flat_map(|script| script.lines().map(plain).collect::<Vec<_>>())
        .collect()
}

/// A line without its comment and without the blanks at its ends.
fn plain(line: &str) -> String {
    let line = line.split("  #").next().unwrap_or(line);
    let line = line.split(" # ").next().unwrap_or(line);
    line.trim().to_owned()
}

/// Each command that the product's description shows is run.
#[test]
fn every_line_of_the_description_is_run() {
    let run = lines_that_run();
    for line in read("tests/cookbook/description.txt").lines() {
        assert!(run.contains(&line.to_owned()), "nowhere run: {line}");
    }
}

/// Each line of the README's parts on shells and on other machines is run.
#[test]
fn every_line_of_the_readme_is_run() {
    let run = lines_that_run();
    let readme = read("../README.md");
    for title in ["Use it from a shell", "Use it from other machines"] {
        let (_, part) = readme
            .split_once(&format!("\n## {title}\n"))
            .expect("that part");
        let (part, _) = part.split_once("\n## ").expect("its end");
        let mut blocks = 0;
        for block in part.split("```sh\n").skip(1) {
            let (block, _) = block.split_once("\n```").expect("its end");
            for line in block.lines().map(plain).filter(|line| !line.is_empty()) {
                assert!(run.contains(&line), "nowhere run: {line}");
            }
            blocks += 1;
        }
        assert!(blocks > 0, "{title}");
    }
}
