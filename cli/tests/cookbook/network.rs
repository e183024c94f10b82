//! A network for one recipe: a machine named `server` that reaches nothing but itself, where no port is taken.

use rustix::process::Pid;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Namespaces that live as long as this.
pub(crate) struct Network {
    holder: Child,
}

/// What makes them; also for users who are not root, where the system allows it.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "--uts", "--mount"]);
    command
}

impl Network {
    /// Whether the system allows namespaces; if not, what it says.
    pub(crate) fn allowed() -> Result<(), String> {
        let tried = unshare().arg("true").output();
        let tried = tried.unwrap_or_else(|error| panic!("unshare, of util-linux: {error}"));
        match tried.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&tried.stderr).trim().to_owned()),
        }
    }

    /// Makes them; `home` is where a hosts file can be written.
    pub(crate) fn new(home: &Path) -> Network {
        let hosts = home.join("hosts");
        fs::write(&hosts, "127.0.0.1 localhost server\n").expect("written");
        let script = "hostname server && ip link set lo up && mount --bind \"$0\" /etc/hosts && echo ready && exec sleep infinity";
        let mut holder = unshare()
            .args(["sh", "-c", script])
            .current_dir(home)
            .arg(&hosts)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut ready = [0; 6];
        let stdout = holder.stdout.as_mut().expect("piped");
        stdout
            .read_exact(&mut ready)
            .expect("hostname, and ip of iproute2, make the network");
        Network { holder }
    }

    /// Arguments with which `nsenter` runs a program there.
    pub(crate) fn entry(&self) -> Vec<String> {
        let mut args = vec![format!("--target={}", self.holder.id())];
        // The last: in its directory, since entering a mount namespace leads to the root.
        let all = [
            "--user",
            "--preserve-credentials",
            "--net",
            "--uts",
            "--mount",
            "--wd",
        ];
        args.extend(all.map(str::to_owned));
        args
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Whether one of our commands has begun what it does over a network: to listen, or to read a server's stream.
pub(crate) fn is_at_work(pid: Pid) -> bool {
    let process = format!("/proc/{}", pid.as_raw_nonzero());
    let command = fs::read(format!("{process}/cmdline")).unwrap_or_default();
    match command.split(|byte| *byte == 0).nth(1) {
        Some(b"serve") => ["tcp", "tcp6"].iter().any(|table| {
            let table = fs::read_to_string(format!("{process}/net/{table}")).unwrap_or_default();
            table.lines().any(|line| line.contains(" 0A "))
        }),
        _ => fs::read_dir(format!("{process}/task"))
            .into_iter()
            .flatten()
            .flatten()
            .any(|task| {
                let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
                name.trim() == "plasmite-tail"
            }),
    }
}
