//! The names and addresses of this machine, as it knows them itself.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where the machine's owner gives names to addresses.
const HOSTS: &str = "/etc/hosts";

/// The machine's own name.
pub(crate) fn host_name() -> Option<String> {
    let name = rustix::system::uname()
        .nodename()
        .to_str()
        .ok()?
        .to_lowercase();
    (!name.is_empty() && name != "(none)").then_some(name)
}

/// Names that mean this machine on its loopback addresses: by its hosts file, and its own name.
pub(crate) fn loopback_names() -> BTreeSet<String> {
    let text = std::fs::read_to_string(HOSTS).unwrap_or_default();
    let mut names = names_in(&text, |address| address.is_loopback());
    names.extend(host_name());
    names
}

/// Addresses of this machine that others can use, the most likely one first.
pub(crate) fn addresses() -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .map(|interface| interface.ip())
        .filter(|address| !address.is_loopback() && !is_link_local(address))
        .collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.dedup();
    addresses
}

/// Good on one link only, and with an interface's name only.
fn is_link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Names for the certificate of a server on this address: its own ones, and for all addresses those of the machine.
pub(crate) fn certificate_names(bind: IpAddr) -> Vec<String> {
    let mut names = vec![
        "localhost".to_owned(),
        Ipv4Addr::LOCALHOST.to_string(),
        Ipv6Addr::LOCALHOST.to_string(),
    ];
    let mut add = |name: String| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    if !bind.is_unspecified() {
        add(bind.to_string());
    }
    let own = addresses();
    if !bind.is_loopback() {
        if let Some(host) = host_name() {
            if !host.contains('.') {
                add(format!("{host}.local"));
            }
            add(host);
        }
        let text = std::fs::read_to_string(HOSTS).unwrap_or_default();
        for name in names_in(&text, |address| own.contains(address) || *address == bind) {
            add(name);
        }
    }
    if bind.is_unspecified() {
        own.iter().for_each(|address| add(address.to_string()));
    }
    names
}

/// The names that a hosts file gives to the addresses that are wanted.
fn names_in(hosts: &str, wanted: impl Fn(&IpAddr) -> bool) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in hosts.lines() {
        let line = line.split('#').next().unwrap_or("");
        let mut words = line.split_whitespace();
        let address = words.next().and_then(|word| word.parse().ok());
        if address.is_some_and(|address| wanted(&address)) {
            names.extend(words.map(str::to_lowercase));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_files() {
        let text = "127.0.0.1 localhost\n127.0.1.1\tBox box.lan # me\n10.0.0.1 other\n::1 ip6-localhost\n#127.0.0.1 x\n";
        let names = names_in(text, IpAddr::is_loopback);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(names, ["box", "box.lan", "ip6-localhost", "localhost"]);
    }

    #[test]
    fn certificates_name_what_clients_use() {
        let loopback = certificate_names(Ipv4Addr::LOCALHOST.into());
        assert_eq!(loopback, ["localhost", "127.0.0.1", "::1"]);
        let other = certificate_names("127.0.0.2".parse().unwrap());
        assert!(other.contains(&"127.0.0.2".to_owned()));
        let all = certificate_names(Ipv4Addr::UNSPECIFIED.into());
        assert!(!all.contains(&"0.0.0.0".to_owned()));
        for address in addresses() {
            assert!(all.contains(&address.to_string()), "{address}");
        }
        if let Some(host) = host_name() {
            assert!(all.contains(&host));
        }
    }
}
