//! Recipes in a markdown document: its sections, their blocks, and what is said about each in a comment before it.

use std::fmt;

/// A section with something to run.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) title: String,
    pub(crate) steps: Vec<Step>,
}

/// A step, and the line of the document where it begins.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) what: What,
}

/// What is done or checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A script runs to its end and has this exit status.
    Run {
        script: String,
        status: i32,
        on_terminal: bool,
    },
    /// What the last script printed.
    Printed(String),
    /// A script begins to run, under a name, on a terminal of its own or in the background.
    Start {
        name: String,
        script: String,
        on_terminal: bool,
    },
    /// What a running script prints next.
    Shows { name: String, text: String },
    /// Somebody types lines on the terminal of a running script.
    Types { name: String, text: String },
    /// A running script ends by itself with this exit status.
    Ends { name: String, status: i32 },
    /// A message of a pool is damaged.
    Damage { pool: String, seq: u64 },
    /// What follows happens on a machine named `server`, on a network of its own.
    Network,
    /// There is a pool of format 3.
    OldPool { pool: String },
}

/// A block of the document.
struct Block<'a> {
    line: usize,
    kind: &'a str,
    text: String,
}

/// The recipes of a document. Every block of it belongs to one and is understood, or this panics.
pub(crate) fn recipes(document: &str) -> Vec<Recipe> {
    let mut recipes: Vec<Recipe> = Vec::new();
    let mut said: Option<String> = None;
    let mut lines = document.lines().enumerate();
    while let Some((number, text)) = lines.next() {
        let line = number + 1;
        if let Some(title) = text.strip_prefix("## ") {
            recipes.push(Recipe {
                title: title.to_owned(),
                steps: Vec::new(),
            });
            continue;
        }
        let comment = text
            .strip_prefix("<!-- ")
            .and_then(|text| text.strip_suffix(" -->"));
        let what = if let Some(kind) = text.strip_prefix("```") {
            let text: Vec<&str> = lines
                .by_ref()
                .map(|(_, text)| text)
                .take_while(|text| *text != "```")
                .collect();
            let text = text.join("\n");
            step(
                &Block { line, kind, text },
                said.take().as_deref().unwrap_or(""),
            )
        } else if let Some(comment) = comment {
            assert_eq!(said, None, "line {line}: two comments for one block");
            match event(comment) {
                Some(what) => what,
                None => {
                    said = Some(comment.to_owned());
                    continue;
                }
            }
        } else {
            let stray = said.as_ref().filter(|_| !text.is_empty());
            assert_eq!(stray, None, "line {line}: a comment without a block");
            continue;
        };
        let recipe = recipes
            .last_mut()
            .unwrap_or_else(|| panic!("line {line}: a block before the first section"));
        recipe.steps.push(Step { line, what });
    }
    recipes.retain(|recipe| !recipe.steps.is_empty());
    recipes
}

/// What a comment by itself tells.
fn event(comment: &str) -> Option<What> {
    let words: Vec<&str> = comment.split(' ').collect();
    Some(match words[..] {
        [name, "ends"] => What::Ends {
            name: name.to_owned(),
            status: 0,
        },
        [name, "ends", "with", status] => What::Ends {
            name: name.to_owned(),
            status: status.parse().ok()?,
        },
        ["message", seq, "of", pool, "is", "damaged"] => What::Damage {
            pool: pool.to_owned(),
            seq: seq.parse().ok()?,
        },
        ["on", "a", "network", "of", "its", "own"] => What::Network,
        [pool, "is", "a", "pool", "of", "format", "3"] => What::OldPool {
            pool: pool.to_owned(),
        },
        _ => return None,
    })
}

/// A block and what is said about it.
fn step(block: &Block<'_>, said: &str) -> What {
    let words: Vec<&str> = said.split(' ').filter(|word| !word.is_empty()).collect();
    let text = block.text.clone();
    match (block.kind, &words[..]) {
        ("sh", []) => What::Run {
            script: text,
            status: 0,
            on_terminal: false,
        },
        ("sh", ["on", "a", "terminal"]) => What::Run {
            script: text,
            status: 0,
            on_terminal: true,
        },
        ("sh", ["exit", "status", status]) => {
            let status = status.parse().unwrap_or_else(|_| panic!("{block}: {said}"));
            What::Run {
                script: text,
                status,
                on_terminal: false,
            }
        }
        ("sh", [name, "on", "a", "terminal"]) => What::Start {
            name: (*name).to_owned(),
            script: text,
            on_terminal: true,
        },
        ("sh", [name, "in", "the", "background"]) => What::Start {
            name: (*name).to_owned(),
            script: text,
            on_terminal: false,
        },
        ("text" | "json", []) => What::Printed(text),
        ("text" | "json", [name, "shows"]) => What::Shows {
            name: (*name).to_owned(),
            text,
        },
        ("text", [name, "types"]) => What::Types {
            name: (*name).to_owned(),
            text,
        },
        _ => panic!("{block}: what is {said:?}?"),
    }
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}, a block of {:?}", self.line, self.kind)
    }
}

/// Whether a line is as the document says, where `…` stands for anything.
pub(crate) fn matches(line: &str, expected: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn blocks_are_understood() {
    let document = "# T\n\n## A\n\n```sh\nx\n```\n```text\n1\n```\n<!-- bob in the background -->\n```sh\ny\nz\n```\n\
                    <!-- bob shows -->\n```json\n{}\n```\n<!-- bob ends with 3 -->\n## B\n## C\n<!-- exit status 7 -->\n\n```sh\nw\n```\n";
    let recipes = recipes(document);
    let steps: Vec<Vec<&What>> = recipes
        .iter()
        .map(|recipe| recipe.steps.iter().map(|step| &step.what).collect())
        .collect();
    let (x, bob) = ("x".to_owned(), "bob".to_owned());
    assert_eq!(
        steps[0][0],
        &What::Run {
            script: x,
            status: 0,
            on_terminal: false
        }
    );
    assert_eq!(steps[0][1], &What::Printed("1".into()));
    assert_eq!(
        steps[0][2],
        &What::Start {
            name: bob.clone(),
            script: "y\nz".into(),
            on_terminal: false
        }
    );
    assert_eq!(
        steps[0][3],
        &What::Shows {
            name: bob.clone(),
            text: "{}".into()
        }
    );
    assert_eq!(
        steps[0][4],
        &What::Ends {
            name: bob,
            status: 3
        }
    );
    assert_eq!(
        steps[1][0],
        &What::Run {
            script: "w".into(),
            status: 7,
            on_terminal: false
        }
    );
    assert_eq!(
        (
            recipes.len(),
            recipes[1].title.as_str(),
            recipes[1].steps[0].line
        ),
        (2, "C", 25)
    );
}

#[test]
fn an_ellipsis_stands_for_anything() {
    for (line, expected, same) in [
        ("abc", "abc", true),
        ("abc", "ab", false),
        ("abc", "a…c", true),
        ("abc", "…", true),
        ("aXbXc", "a…b…c", true),
        ("aXcXb", "a…b…c", false),
        ("seq 1 at T", "seq 1 at …", true),
    ] {
        assert_eq!(matches(line, expected), same, "{line:?} {expected:?}");
    }
}
