//! `serve init`

use crate::cli::args::InitArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::json;
use crate::serve::{Artifacts, InitSettings};
use crate::shell::quoted;
use std::path::Path;

pub(super) fn run(context: &mut Context, args: &InitArgs) -> Outcome {
    let made = Artifacts::make(&InitSettings {
        bind: args.bind,
        output_dir: args.output_dir.clone(),
        token_file: args.token_file.clone(),
        tls_cert: args.tls_cert.clone(),
        tls_key: args.tls_key.clone(),
        force: args.force,
    })?;
    let commands = Commands::new(context, args, &made);
    let told = match context.out.is_terminal() {
        true => for_people(context, &made, &commands),
        false => context.out.report(&report(&made, &commands)),
    };
    told.and_then(|()| context.out.flush()).map_err(|failure| {
        let files = [&made.token_file, &made.tls_cert, &made.tls_key];
        let files = files.map(|file| file.to_string_lossy());
        failure.but_done(&format!("written all the same: {}", files.join(", ")))
    })?;
    Ok(SUCCESS)
}

/// Commands to use what was made, each for a shell.
struct Commands {
    server: Vec<String>,
    clients: Vec<String>,
    curl: Vec<String>,
}

fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

impl Commands {
    fn new(context: &Context, args: &InitArgs, made: &Artifacts) -> Commands {
        let (program, base) = (context.program, &made.base_url);
        let (token, cert, key) = (
            path(&made.token_file),
            path(&made.tls_cert),
            path(&made.tls_key),
        );
        let directory = context
            .dir()
            .map(|directory| format!(" --dir {}", path(directory)))
            .unwrap_or_default();
        let beyond = match args.bind.ip().is_loopback() {
            true => "",
            false => " --allow-non-loopback",
        };
        let bind = quoted(&args.bind.to_string());
        let with = format!("--token-file {token} --tls-ca {cert}");
        let header = format!("-H \"authorization: Bearer $(cat {token})\"");
        Commands {
            server: vec![
                format!("{program}{directory} pool create demo"),
                format!(
                    "{program}{directory} serve --bind {bind}{beyond} --token-file {token} --tls-cert {cert} --tls-key {key}"
                ),
            ],
            clients: vec![
                format!("{program} feed {base}/demo '{{\"hello\":\"world\"}}' {with}"),
                format!("{program} follow {base}/demo --tail 20 {with}"),
            ],
            curl: vec![
                format!(
                    "curl --cacert {cert} {header} -H 'content-type: application/json' --data '{{\"data\":{{\"hello\":\"world\"}}}}' {base}/v0/pools/demo/append"
                ),
                format!("curl -N --cacert {cert} {header} '{base}/v0/pools/demo/tail?tail=20'"),
            ],
        }
    }
}

fn report(made: &Artifacts, commands: &Commands) -> Vec<u8> {
    let mut out = Vec::new();
    json::object(&mut out, |top| {
        top.object("init", |init| {
            init.object("artifact_paths", |paths| {
                paths
                    .text("token_file", &made.token_file.to_string_lossy())
                    .text("tls_cert", &made.tls_cert.to_string_lossy())
                    .text("tls_key", &made.tls_key.to_string_lossy());
            });
            init.text("tls_fingerprint", &made.fingerprint)
                .member("server_commands", |out| {
                    json::strings(&commands.server, out)
                })
                .member("client_commands", |out| {
                    json::strings(&commands.clients, out)
                })
                .member("curl_client_commands", |out| {
                    json::strings(&commands.curl, out)
                });
        });
    });
    out
}

fn for_people(context: &mut Context, made: &Artifacts, commands: &Commands) -> Result<(), Failure> {
    let out = &mut context.out;
    out.line("Written:")?;
    for (what, file) in [
        ("token", &made.token_file),
        ("certificate", &made.tls_cert),
        ("private key", &made.tls_key),
    ] {
        out.line(&format!("  {what:<12}{}", file.display()))?;
    }
    out.line(&format!("  {:<12}{}", "fingerprint", made.fingerprint))?;
    let parts = [
        ("Start the server here:", &commands.server),
        (
            "Use it elsewhere, with copies of the token and the certificate (never of the key):",
            &commands.clients,
        ),
        ("Or with curl:", &commands.curl),
    ];
    for (title, lines) in parts {
        out.line("")?;
        out.line(title)?;
        for line in lines {
            out.line(&format!("  {line}"))?;
        }
    }
    Ok(())
}
