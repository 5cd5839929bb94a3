//! Where a scheduler, an object storage server or a monitor listens.

use std::{fmt, str::FromStr};

/// How bytes travel to an [`Address`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain TCP.
    Tcp,
    /// A Unix domain socket.
    Ipc,
    /// TLS over TCP.
    Tls,
    /// WebSocket.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Scheme {
    /// Every scheme, in the order in which messages list them.
    pub const ALL: [Self; 5] = [Self::Tcp, Self::Ipc, Self::Tls, Self::Ws, Self::Wss];

    /// The text before `://`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Ipc => "ipc",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    const fn has_path(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }
}

/// An address as users write it: `tcp|tls|ws|wss://host:port[/path]` or `ipc://path`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// How bytes travel.
    pub scheme: Scheme,
    /// Host name or IP address (IPv6 in brackets as written); the socket's path for [`Scheme::Ipc`].
    pub host: String,
    /// TCP port; `None` for [`Scheme::Ipc`] only.
    pub port: Option<u16>,
    /// Path of a WebSocket address, with its leading slash; `None` for every other scheme.
    pub path: Option<String>,
}

/// Why a text is no [`Address`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `scheme://` in front.
    #[error("`{0}` is no address: write it like tcp://127.0.0.1:8516 or ipc:///path/to/socket")]
    NoScheme(String),
    /// The scheme is none of [`Scheme::ALL`].
    #[error("`{0}://` is no known scheme: use tcp, tls, ws, wss or ipc")]
    UnknownScheme(String),
    /// Host or socket path is empty.
    #[error("`{0}` names no host")]
    NoHost(String),
    /// A scheme that needs a port came without one, or with one out of range.
    #[error("`{0}` needs a port from 1 to 65535, like {1}://host:8516")]
    Port(String, &'static str),
    /// Only WebSocket addresses carry a path.
    #[error("`{0}` has a path, which only ws:// and wss:// addresses carry")]
    Path(String),
}

impl Address {
    /// The same host, `offset` ports further on; `None` where there is no port or the sum leaves the range.
    ///
    /// The scheduler's monitor listens on its port + 2 unless told otherwise (read off releases 2.6.0 and 2.9.0).
    #[must_use]
    pub fn with_port_offset(&self, offset: u16) -> Option<Self> {
        let port = self.port?.checked_add(offset)?;
        Some(Self { port: Some(port), ..self.clone() })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| AddressError::NoScheme(text.to_owned()))?;
        let scheme = Scheme::ALL
            .into_iter()
            .find(|known| known.as_str() == scheme)
            .ok_or_else(|| AddressError::UnknownScheme(scheme.to_owned()))?;
        if scheme == Scheme::Ipc {
            if rest.is_empty() {
                return Err(AddressError::NoHost(text.to_owned()));
            }
            return Ok(Self { scheme, host: rest.to_owned(), port: None, path: None });
        }

        let (authority, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
        let port_error = || AddressError::Port(text.to_owned(), scheme.as_str());
        let (host, port) = authority.rsplit_once(':').ok_or_else(port_error)?;
        if host.is_empty() {
            return Err(AddressError::NoHost(text.to_owned()));
        }
        let port: u16 = port.parse().ok().filter(|port| *port > 0).ok_or_else(port_error)?;
        let path = match path {
            Some(path) if scheme.has_path() => Some(format!("/{path}")),
            None if scheme.has_path() => Some("/".to_owned()),
            // A lone trailing slash is harmless and easily typed.
            None | Some("") => None,
            Some(_) => return Err(AddressError::Path(text.to_owned())),
        };
        Ok(Self { scheme, host: host.to_owned(), port: Some(port), path })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.path.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_every_scheme() {
        for text in
            ["tcp://127.0.0.1:8516", "tls://[::1]:1", "ws://host:80/a/b", "wss://host:65535/", "ipc:///tmp/scaler.sock"]
        {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for (text, part) in [
            ("127.0.0.1:8516", "is no address"),
            ("http://h:1", "no known scheme"),
            ("tcp://h", "needs a port"),
            ("tcp://h:0", "needs a port"),
            ("tcp://h:65536", "needs a port"),
            ("tcp://:1", "names no host"),
            ("ipc://", "names no host"),
            ("tcp://h:1/path", "has a path"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn offsets_the_port_within_its_range() {
        let address: Address = "tcp://h:65534".parse().unwrap();
        assert_eq!(address.with_port_offset(1).unwrap().to_string(), "tcp://h:65535");
        assert_eq!(address.with_port_offset(2), None);
    }
}
