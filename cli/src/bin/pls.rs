//! The command `pls`: `plasmite` under a shorter name, in the same process.

fn main() -> std::process::ExitCode {
    plasmite::cli::main("pls")
}
