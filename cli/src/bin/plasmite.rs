//! The command `plasmite`.

fn main() -> std::process::ExitCode {
    plasmite::cli::main("plasmite")
}
