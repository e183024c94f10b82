//! `completion` in real shells, and the manual pages.
#![cfg(feature = "cli")]

mod common;

use common::Scratch;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes the script of a shell to a file in the scratch directory, under the name that the shell asks for.
fn script(scratch: &Scratch, shell: &str, file: &str) -> String {
    let text = scratch.run(&["completion", shell]).ok().to_owned();
    std::fs::write(scratch.path().join(file), &text).expect("written");
    text
}

/// What bash offers for the last of these words.
fn completed(scratch: &Scratch, words: &[&str]) -> Vec<String> {
    // As bash calls the function of a command: the words in an array, the current one's number.
    let asks = r#"
        source ./plasmite.bash
        compopt() { :; }
        function=$(complete -p "$1"); function=${function#*-F }; function=${function%% *}
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        "$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        [ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = scratch
        .bare("bash")
        .args(["--norc", "-c", asks, "bash"])
        .args(words)
        .output()
        .expect("bash runs");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{words:?}: {output:?}"
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

/// Both names (defect 45).
#[test]
fn bash_completes_commands_options_and_values() {
    let scratch = Scratch::new();
    script(&scratch, "bash", "plasmite.bash");
    for program in ["plasmite", "pls"] {
        for (words, expected) in [
            (&["fol"][..], &["follow"][..]),
            (&["pool", "mi"], &["migrate"]),
            (&["feed", "x", "--durability", ""], &["fast", "flush"]),
            (&["--dir", "/x", "follow", "--on"], &["--one"]),
            (&["completion", "z"], &["zsh"]),
        ] {
            let typed = [&[program], words].concat();
            assert_eq!(completed(&scratch, &typed), expected, "{typed:?}");
        }
        let all = completed(&scratch, &[program, ""]);
        for command in ["pool", "feed", "follow", "doctor", "completion", "help"] {
            assert!(all.iter().any(|word| word == command), "{command}: {all:?}");
        }
        // What no help shows.
        let of_help = completed(&scratch, &[program, "help", ""]);
        for words in [all, of_help] {
            assert!(!words.iter().any(|word| word == "man-pages"), "{words:?}");
        }
    }
}

#[test]
fn bash_completes_names_of_pools() {
    let scratch = Scratch::new();
    script(&scratch, "bash", "plasmite.bash");
    let home = scratch.path().join(".plasmite/pools");
    let pools = |directory: &Path, names: &[&str]| {
        let directory = directory.to_str().expect("UTF-8");
        let create = [&["pool", "create"], names].concat();
        let output = scratch
            .bare(env!("CARGO_BIN_EXE_plasmite"))
            .args([&create[..], &["--dir", directory]].concat())
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{output:?}");
    };
    pools(&home, &["chat", "change log", "other"]);
    pools(&scratch.path().join("d"), &["elsewhere"]);
    for command in [
        &["follow"][..],
        &["feed"],
        &["fetch"],
        &["duplex"],
        &["tap"],
        &["doctor"],
        &["pool", "info"],
        &["pool", "delete"],
        &["follow", "--tail", "3"],
    ] {
        let words = [&["pls"], command, &["ch"]].concat();
        assert_eq!(
            completed(&scratch, &words),
            ["change\\ log", "chat"],
            "{words:?}"
        );
    }
    for (words, expected) in [
        (&["pls", "--dir", "d", "follow", ""][..], &["elsewhere"][..]),
        (&["pls", "follow", "--dir", "=", "d", ""], &["elsewhere"]),
        (
            &["pls", "pool", "delete", "chat", ""],
            &["change\\ log", "chat", "other"],
        ),
    ] {
        assert_eq!(completed(&scratch, words), expected, "{words:?}");
    }
    // No name is wanted here.
    for words in [
        &["pls", "follow", "chat", "o"][..],
        &["pls", "feed", "chat", "--tag", "o"],
        &["pls", "pool", "create", "o"],
        &["pls", "tap", "chat", "--", "o"],
    ] {
        let offered = completed(&scratch, words);
        assert!(
            !offered.contains(&"other".to_owned()),
            "{words:?}: {offered:?}"
        );
    }
}

/// Runs a shell that may not be installed; then this part is left out, and says so.
fn shell(scratch: &Scratch, program: &str, args: &[&str]) -> Option<String> {
    let here = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if here.is_err() {
        common::left_out(&format!(
            "{program} is not installed (apt-get install {program})"
        ));
        return None;
    }
    let output = scratch.bare(program).args(args).output().expect("it runs");
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{program} {args:?}: {output:?}");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn zsh_takes_its_script() {
    let scratch = Scratch::new();
    let text = script(&scratch, "zsh", "_plasmite");
    for part in [
        "#compdef plasmite pls\n",
        "compdef _plasmite plasmite pls\n",
        "\n_plasmite_pools() {\n",
        ":pool -- The pool:_plasmite_pools'",
        ":_files",
    ] {
        assert!(text.contains(part), "{part:?}");
    }
    shell(&scratch, "zsh", &["-fn", "_plasmite"]);
    let registered = "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u; print $_comps[pls] $_comps[plasmite]";
    if let Some(registered) = shell(&scratch, "zsh", &["-fc", registered]) {
        assert_eq!(registered, "_plasmite _plasmite\n");
    }
}

#[test]
fn fish_takes_its_script_and_completes() {
    let scratch = Scratch::new();
    let text = script(&scratch, "fish", "plasmite.fish");
    assert!(text.ends_with("complete -c pls --wraps plasmite\n"));
    let asks = "source plasmite.fish; complete -C 'pls pool mi'; complete -C 'plasmite fol'";
    if let Some(offered) = shell(&scratch, "fish", &["--no-config", "-c", asks]) {
        assert!(
            offered.contains("migrate\t") && offered.contains("follow\t"),
            "{offered}"
        );
    }
}

#[test]
fn other_shells_get_both_names() {
    let scratch = Scratch::new();
    let text = script(&scratch, "powershell", "plasmite.ps1");
    assert!(text.contains("-CommandName 'plasmite', 'pls' "), "{text}");
    let text = script(&scratch, "elvish", "plasmite.elv");
    assert!(text.contains("arg-completer[plasmite] = ") && text.contains("arg-completer[pls] = "));
    let error = scratch.run(&["completion", "csh"]).error("Usage", 2);
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("bash, elvish, fish"), "{message}");
}

#[test]
fn no_shell_offers_hidden_commands() {
    let scratch = Scratch::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = scratch.run(&["completion", shell]);
        assert!(!text.ok().contains("man-pages"), "{shell}");
    }
}

/// A page for each command under both names, each with all the options of its help and with examples.
#[test]
fn manual_pages() {
    let scratch = Scratch::new();
    scratch.run(&["man-pages", "share/man1"]).ok();
    let pages = scratch.path().join("share/man1");
    let names: Vec<String> = std::fs::read_dir(&pages)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string())
        .collect::<Result<_, _>>()
        .expect("UTF-8");
    for command in [
        "",
        "pool",
        "pool create",
        "pool info",
        "pool list",
        "pool delete",
        "pool migrate",
        "feed",
        "fetch",
        "follow",
        "duplex",
        "tap",
        "doctor",
        #[cfg(feature = "serve")]
        "serve",
        #[cfg(feature = "serve")]
        "serve init",
        #[cfg(feature = "serve")]
        "serve check",
        #[cfg(feature = "serve")]
        "mcp",
        "version",
        "completion",
    ] {
        let words: Vec<&str> = command.split_whitespace().collect();
        let end: String = words.iter().map(|word| format!("-{word}")).collect();
        let page = std::fs::read_to_string(pages.join(format!("plasmite{end}.1"))).expect("a page");
        let help = scratch.run(&[&words[..], &["--help"]].concat());
        let options = help.ok().lines().filter_map(|line| {
            let option = line.trim_start().split_once("--")?.1;
            (line.trim_start().starts_with('-')).then(|| option.split(' ').next().unwrap_or(""))
        });
        for option in options {
            let option = format!("\\-\\-{}", option.replace('-', "\\-"));
            assert!(page.contains(&option), "{option} in plasmite{end}.1");
        }
        assert!(page.contains(".SH EXAMPLES\n.nf\npls "), "plasmite{end}.1");
        let other = std::fs::read_to_string(pages.join(format!("pls{end}.1"))).expect("a page");
        assert_eq!(other, format!(".so man1/plasmite{end}.1\n"));
    }
    let documented = names.iter().filter(|name| name.starts_with("plasmite"));
    let wanted = if cfg!(feature = "serve") { 19 } else { 15 };
    assert_eq!(documented.count(), wanted, "{names:?}");
    let path = scratch.path().join("a file");
    std::fs::write(&path, "").expect("written");
    let error = scratch.run(&["man-pages", "a file"]).error("Io", 8);
    assert_eq!(error["path"], "a file");
}
