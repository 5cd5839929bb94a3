//! Places where parts of a file listen: whether they are free.

use std::{
    fs,
    net::{IpAddr, TcpListener},
    os::unix::net::UnixStream,
    path::Path,
};

use scaler_wm_core::{Address, Check, Scheme};

/// Whether a part can listen there.
pub(super) fn is_free(name: &str, key: &str, address: &Address) -> Check {
    if address.scheme == Scheme::Ipc {
        return socket_is_free(name, key, address);
    }
    let host = format!("{}:{}", address.host, address.port.unwrap_or_default());
    port_is_free(name, key, &host)
}

/// Whether a part can listen at `host`, which is written `HOST:PORT`.
pub(super) fn port_is_free(name: &str, key: &str, host: &str) -> Check {
    // Bound for an instant, and closed: whoever asks then is refused as before.
    match TcpListener::bind(host) {
        Ok(_) => Check::good(name, format!("{host} is free: this file starts it there")),
        Err(error) => {
            let todo = format!("stop what listens there, this file's parts of an earlier start perhaps, or mend {key}");
            Check::bad(name, format!("{host} cannot be listened at: {error}"), todo)
        }
    }
}

fn socket_is_free(name: &str, key: &str, address: &Address) -> Check {
    let path = Path::new(&address.host);
    if UnixStream::connect(path).is_ok() {
        let todo = format!("stop what listens there, this file's parts of an earlier start perhaps, or mend {key}");
        return Check::bad(name, format!("{address} is in use"), todo);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => Check::good(name, format!("{address} is free: this file starts it there")),
        _ => Check::bad(name, format!("there is no folder {}", folder.display()), format!("make it, or mend {key}")),
    }
}

/// Whether what is bound at `bound` is reached at `address`, as far as can be told from names.
pub(super) fn is_same(address: &Address, bound: &Address) -> bool {
    let bare = |address: &Address| address.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let (host, bound_host) = (bare(address), bare(bound));
    let is_everywhere = bound_host.parse().is_ok_and(|address: IpAddr| address.is_unspecified());
    let is_alike = host == bound_host || is_everywhere || (is_loopback(address) && is_loopback(bound));
    address.scheme == bound.scheme && address.port == bound.port && is_alike
}

/// Whether an address is one of this host alone.
pub(super) fn is_loopback(address: &Address) -> bool {
    if address.scheme == Scheme::Ipc {
        return true;
    }
    let host = address.host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => host == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn a_file_knows_its_own_scheduler() {
        let same = |one, other| is_same(&address(one), &address(other));
        assert!(same("tcp://127.0.0.1:1", "tcp://localhost:1"));
        assert!(same("tcp://10.0.0.5:1", "tcp://0.0.0.0:1"));
        assert!(!same("tcp://10.0.0.5:1", "tcp://127.0.0.1:1"));
        assert!(!same("tcp://127.0.0.1:1", "tcp://127.0.0.1:2"));
        assert!(same("ipc:///a", "ipc:///a") && is_loopback(&address("ipc:///a")));
    }

    #[test]
    fn a_port_is_free_until_somebody_listens() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = address(&format!("tcp://{}", taken.local_addr().unwrap()));
        assert!(is_free("address", "bind_address", &address).is_bad());
        drop(taken);
        assert!(!is_free("address", "bind_address", &address).is_bad());
    }
}
