//! Where to listen over TCP and HTTP: checked for all managers before anything is started.

use std::{net::SocketAddr, path::PathBuf};

use scaler_wm_control::{
    Listener, Registry,
    listen::{Files, ListenError, Tcp, resolved},
};
use scaler_wm_core::{
    Check, ManagerId,
    options::{OptionError, Values},
};

use tracing::warn;

use super::listeners::{Listening, Opened};
use crate::{config::ManagerConfig, exit::Failure};

/// Where to listen. Managers that say the same share a listener.
#[derive(Default)]
pub(crate) struct Plan {
    tcp: Vec<(Files, Tcp, Vec<ManagerId>)>,
    http: Vec<(SocketAddr, Vec<ManagerId>)>,
    sockets: Vec<String>,
}

impl Plan {
    /// What these managers say.
    ///
    /// # Errors
    /// When it lets in whom nobody knows, contradicts itself, or names files that do not do.
    pub(crate) fn new<'a>(managers: impl IntoIterator<Item = &'a ManagerConfig>) -> Result<Self, Failure> {
        let mut plan = Self::default();
        for config in managers {
            plan.add(&config.values, &config.manager)?;
        }
        Ok(plan)
    }

    fn add(&mut self, values: &Values, manager: &ManagerId) -> Result<(), OptionError> {
        let told = |error: ListenError| values.problem(error.key, error.problem);
        if let Some(socket) = values.maybe_text("control_socket").filter(|socket| socket != "none") {
            if self.sockets.contains(&socket) {
                let problem = format!("two managers cannot share {socket}; leave it out, and each has its own");
                return Err(values.problem("control_socket", problem));
            }
            self.sockets.push(socket);
        }
        let file = |key: &str| values.maybe_text(key).map(PathBuf::from);
        let files = Files {
            certificate: file("control_tls_cert"),
            key: file("control_tls_key"),
            client_authority: file("control_client_ca"),
            token: file("control_token_file"),
        };
        match values.maybe_text("control_address") {
            Some(address) => {
                let tcp = Tcp::new(&address, &files).map_err(told)?;
                match self.tcp.iter_mut().find(|(_, known, _)| known.address() == tcp.address()) {
                    Some((same, _, managers)) if *same == files => managers.push(manager.clone()),
                    Some(_) => {
                        let problem =
                            "another manager listens there with other files; say the same, as a [control] table does";
                        return Err(values.problem("control_address", problem));
                    }
                    None => self.tcp.push((files, tcp, vec![manager.clone()])),
                }
            }
            None if files != Files::default() => {
                let keys = ["control_tls_cert", "control_tls_key", "control_client_ca", "control_token_file"];
                let key = keys.into_iter().find(|key| values.maybe_text(key).is_some()).unwrap_or(keys[0]);
                let problem = "it is of no use without control_address (--control-address HOST:PORT)";
                return Err(values.problem(key, problem));
            }
            None => {}
        }
        if let Some(address) = values.maybe_text("http_address") {
            let address = resolved("http_address", &address).map_err(told)?;
            match self.http.iter_mut().find(|(known, _)| *known == address) {
                Some((_, managers)) => managers.push(manager.clone()),
                None => self.http.push((address, vec![manager.clone()])),
            }
        }
        Ok(())
    }

    /// Whether it could listen where it is to: each place is taken for a moment.
    pub(crate) fn checks(&self) -> Vec<Check> {
        let tcp = self.tcp.iter().map(|(_, tcp, _)| ("control_address", tcp.address()));
        let http = self.http.iter().map(|(address, _)| ("http_address", *address));
        let look = |(key, address)| match std::net::TcpListener::bind(address) {
            Ok(_) => Check::good(key, format!("{address} is free")),
            Err(error) => Check::bad(key, format!("{address} cannot be listened at: {error}"), "give another address"),
        };
        tcp.chain(http).map(look).collect()
    }

    /// Listens. Managers are added once they are known.
    ///
    /// # Errors
    /// When an address is taken, or not of this host.
    pub(crate) async fn open(self) -> Result<Listening, Failure> {
        let mut listening = Listening::default();
        for (_, tcp, managers) in self.tcp {
            let address = tcp.address();
            tcp.warnings().iter().for_each(|warning| warn!("{warning}"));
            let listener = Listener::tcp(tcp).await.map_err(|error| cannot("control_address", address, &error))?;
            listening.opened.push(Opened::grpc(listener, address.to_string(), managers));
        }
        for (address, managers) in self.http {
            if !address.ip().is_loopback() {
                warn!(
                    %address,
                    "whoever reaches this address can read status and metrics: --http-address 127.0.0.1:PORT keeps it to this host"
                );
            }
            let listener = tokio::net::TcpListener::bind(address).await;
            let listener = listener.map_err(|error| cannot("http_address", address, &error))?;
            listening.opened.push(Opened::http(listener, address.to_string(), managers, Registry::default()));
        }
        listening.begin();
        Ok(listening)
    }
}

fn cannot(key: &str, address: SocketAddr, error: &std::io::Error) -> Failure {
    let flag = key.replace('_', "-");
    Failure::Usage(format!("--{flag}: failed to listen at {address}: {error}; give another address"))
}
