//! Where a plug-in listens.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr};

/// Where a plug-in listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginAddress {
    /// A Unix socket of this host: `unix:///run/plugin.sock`.
    Unix(PathBuf),
    /// Without TLS, on this host alone: `http://127.0.0.1:9000`.
    Plain(String),
    /// With TLS, anywhere: `https://plugin.example:9000`.
    Tls(String),
}

/// Why a text is no [`PluginAddress`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError(String);

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AddressError {}

impl FromStr for PluginAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let refuse = |why: &str| Err(AddressError(format!("`{text}` {why}")));
        if let Some(path) = text.strip_prefix("unix://") {
            return match path.starts_with('/') {
                true => Ok(Self::Unix(PathBuf::from(path))),
                false => refuse("names no whole path: write it like unix:///run/plugin.sock"),
            };
        }
        let (rest, is_plain) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (rest, true),
            (_, Some(rest)) => (rest, false),
            _ => {
                return refuse(
                    "is no address of a plug-in: write it like unix:///run/plugin.sock or http://127.0.0.1:9000",
                );
            }
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let split = rest.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        let Some((host, Ok(port @ 1..))) = split.map(|(host, port)| (host, port.parse::<u16>())) else {
            return refuse("needs a host and a port, like http://127.0.0.1:9000");
        };
        if host.contains(['/', '@', ' ']) {
            return refuse("has more in it than a host and a port");
        }
        if !is_plain {
            return Ok(Self::Tls(format!("https://{host}:{port}")));
        }
        if !is_loopback(host) {
            return refuse("would be reached without TLS, which is for this host alone: use https:// and provider_ca");
        }
        Ok(Self::Plain(format!("http://{host}:{port}")))
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for PluginAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Plain(uri) | Self::Tls(uri) => f.write_str(uri),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_told_as_they_were_written() {
        for text in ["unix:///run/a b.sock", "http://127.0.0.1:9000", "http://[::1]:1", "http://localhost:80"] {
            assert_eq!(text.parse::<PluginAddress>().unwrap().to_string(), text);
        }
        assert_eq!("https://h:1/".parse(), Ok(PluginAddress::Tls("https://h:1".to_owned())));
    }

    #[test]
    fn what_is_no_address_is_told_with_the_way_out() {
        for (text, words) in [
            ("unix://plugin.sock", "unix:///run/plugin.sock"),
            ("127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("tcp://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("http://127.0.0.1", "needs a host and a port"),
            ("http://:80", "needs a host and a port"),
            ("http://127.0.0.1:0", "needs a host and a port"),
            ("https://h:1/path:2", "more in it"),
            ("http://192.0.2.1:9000", "use https:// and provider_ca"),
        ] {
            let error = text.parse::<PluginAddress>().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
