//! How the parts of a stack talk to each other.

use std::path::PathBuf;

/// How the parts of a stack talk to each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Plain TCP.
    #[default]
    Tcp,
    /// TLS, with this certificate and key.
    Tls(PathBuf, PathBuf),
    /// WebSockets.
    Ws,
    /// The package's ZeroMQ backend.
    Zmq,
    /// WebSockets in TLS, with this certificate and key.
    Wss(PathBuf, PathBuf),
}

impl Transport {
    /// The address of a loopback port.
    pub fn address(&self, port: u16) -> String {
        match self {
            Self::Tcp | Self::Zmq => format!("tcp://127.0.0.1:{port}"),
            Self::Tls(..) => format!("tls://127.0.0.1:{port}"),
            Self::Ws => format!("ws://127.0.0.1:{port}/scaler"),
            Self::Wss(..) => format!("wss://127.0.0.1:{port}/scaler"),
        }
    }

    /// What every process is told by its environment.
    pub(crate) fn environment(&self) -> Option<(&'static str, &'static str)> {
        (*self == Self::Zmq).then_some(("SCALER_NETWORK_BACKEND", "zmq"))
    }

    /// What a part that listens is told besides.
    pub(crate) fn arguments(&self) -> Vec<PathBuf> {
        match self {
            Self::Tcp | Self::Zmq | Self::Ws => Vec::new(),
            Self::Tls(certificate, key) | Self::Wss(certificate, key) => {
                vec!["--tls-cert".into(), certificate.clone(), "--tls-key".into(), key.clone()]
            }
        }
    }
}
