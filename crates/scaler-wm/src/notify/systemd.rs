//! The socket by which systemd is told.
//!
//! A few lines instead of the crate `sd-notify`: that one reads the environment anew for each message, knows no abstract
//! addresses, and waits where the socket is full, which a manager's only thread must not.

use std::{
    env,
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use tracing::{debug, warn};

/// systemd, or whoever else has set `NOTIFY_SOCKET`.
#[derive(Debug)]
pub(super) struct Systemd {
    socket: UnixDatagram,
    address: SocketAddr,
    /// How long it waits for a sign of life, if it does.
    pub(super) watchdog: Option<Duration>,
}

impl Systemd {
    /// Whoever has started this process and wants to be told.
    pub(super) fn from_environment() -> Option<Self> {
        let address = env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty())?;
        let [time, process] = ["WATCHDOG_USEC", "WATCHDOG_PID"].map(|name| env::var(name).ok());
        let watchdog = watchdog(time.as_deref(), process.as_deref(), std::process::id());
        match Self::at(&address, watchdog) {
            Ok(systemd) => Some(systemd),
            Err(error) => {
                let address = address.display();
                warn!(%address, %error, "NOTIFY_SOCKET cannot be used: systemd is not told that this is ready");
                None
            }
        }
    }

    /// A name that begins with `@` is that of an abstract socket.
    pub(super) fn at(address: &OsStr, watchdog: Option<Duration>) -> io::Result<Self> {
        let address = match address.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(address)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address, watchdog })
    }

    /// Tells it; whether that could be said just now.
    pub(super) fn tell(&self, lines: &str) -> bool {
        // Not by a connection: the socket may be made anew meanwhile.
        let sent = self.socket.send_to_addr(lines.as_bytes(), &self.address);
        if let Err(error) = &sent {
            debug!(%error, "systemd cannot be told");
        }
        sent.is_ok()
    }
}

fn watchdog(time: Option<&str>, process: Option<&str>, own: u32) -> Option<Duration> {
    // It may be meant for the process that has started this one.
    let is_ours = process.is_none_or(|process| process.parse() == Ok(own));
    let micros = time?.parse().ok().filter(|micros| *micros > 0 && is_ours)?;
    Some(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_found_by_path_or_abstract_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("scaler-wm-test-{}", std::process::id());
        let sockets = [
            (path.clone().into_os_string(), UnixDatagram::bind(&path).unwrap()),
            (
                format!("@{name}").into(),
                UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap(),
            ),
        ];
        for (address, socket) in sockets {
            assert!(Systemd::at(&address, None).unwrap().tell("READY=1\n"));
            let mut bytes = [0; 64];
            let length = socket.recv(&mut bytes).unwrap();
            assert_eq!(&bytes[..length], b"READY=1\n");
        }
    }

    #[test]
    fn nobody_waits_for_a_socket_that_is_full_or_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let systemd = Systemd::at(path.as_os_str(), None).unwrap();
        let told = (0..10_000).take_while(|_| systemd.tell("WATCHDOG=1\n")).count();
        assert!(told < 10_000);
        drop(socket);
        assert!(!systemd.tell("WATCHDOG=1\n"));
        let long = "x".repeat(200);
        assert!(Systemd::at(OsStr::new(&long), None).is_err());
    }

    #[test]
    fn the_watchdog_may_be_meant_for_another_process() {
        assert_eq!(watchdog(Some("3000000"), Some("7"), 7), Some(Duration::from_secs(3)));
        assert_eq!(watchdog(Some("3000000"), None, 7), Some(Duration::from_secs(3)));
        for (time, process) in [(Some("3000000"), Some("8")), (Some("0"), None), (Some("soon"), None), (None, None)] {
            assert_eq!(watchdog(time, process, 7), None);
        }
    }
}
