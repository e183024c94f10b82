//! Greetings, for the demo's build to have something to compile.

/// The greeting for a name.
pub fn greeting(name: &str) -> String {
    let punctuation = "!"; // nobody uses it: the compiler's warning is one of the demo's messages
    format!("hello {name}")
}
