//! What listens, and for how long.

use std::{cell::RefCell, path::Path, time::Duration};

use scaler_wm_control::{Listener, Registry, http, listen::Socket, metrics::Build, serve};
use scaler_wm_core::{ManagerId, control::Control};
use scaler_wm_wire::Version;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};
use tracing::{info, warn};

use super::socket_path;
use crate::{config::ManagerConfig, exit::Failure};

/// Answers that are under way when a manager ends get this long.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// What listens. It ends with this.
#[derive(Default)]
pub(crate) struct Listening {
    pub(super) opened: Vec<Opened>,
    serving: RefCell<Vec<Serving>>,
}

/// A place at which nobody is served yet: its managers are not all known.
pub(super) struct Opened {
    what: RefCell<Option<What>>,
    place: String,
    managers: Vec<ManagerId>,
    registry: Registry,
}

enum What {
    Grpc(Listener),
    Http(TcpListener),
}

struct Serving {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Opened {
    pub(super) fn grpc(listener: Listener, place: String, managers: Vec<ManagerId>) -> Self {
        Self { what: RefCell::new(Some(What::Grpc(listener))), place, managers, registry: Registry::default() }
    }

    pub(super) fn http(listener: TcpListener, place: String, managers: Vec<ManagerId>, registry: Registry) -> Self {
        Self { what: RefCell::new(Some(What::Http(listener))), place, managers, registry }
    }

    /// Serves once all its managers are known; over HTTP at once, as whoever probes is to hear that they are not ready.
    fn serve(&self) -> Option<Serving> {
        let is_http = matches!(*self.what.borrow(), Some(What::Http(_)));
        if !is_http && self.registry.all().len() < self.managers.len() {
            return None;
        }
        let (stop, stopped) = oneshot::channel();
        let until = async move { drop(stopped.await) };
        let (registry, place) = (self.registry.clone(), self.place.clone());
        let task = match self.what.take()? {
            What::Grpc(listener) => {
                info!(place, "the control plane listens");
                tokio::spawn(async move {
                    if let Err(error) = serve(listener, registry, until).await {
                        warn!(place, %error, "the control plane has ended");
                    }
                })
            }
            What::Http(listener) => {
                info!(place, "status page, metrics and health are served over HTTP");
                tokio::spawn(async move {
                    tokio::select! {
                        () = http::serve(listener, registry, build()) => {}
                        () = until => {}
                    }
                })
            }
        };
        Some(Serving { stop, task })
    }
}

impl Listening {
    /// Serves those who need not wait for managers.
    pub(super) fn begin(&self) {
        let serving = self.opened.iter().filter_map(Opened::serve);
        self.serving.borrow_mut().extend(serving);
    }

    /// A manager is there.
    pub(crate) fn add(&self, control: &Control, kind: &'static str) {
        for opened in self.opened.iter().filter(|opened| opened.managers.contains(control.manager())) {
            opened.registry.add(control.clone(), kind);
            self.serving.borrow_mut().extend(opened.serve());
        }
    }

    /// Answers what is under way, and ends.
    pub(crate) async fn end(self) {
        for Serving { stop, mut task } in self.serving.into_inner() {
            // It may have ended by itself.
            let _ = stop.send(());
            // Whoever watches would stay for ever.
            if timeout(LAST_ANSWERS, &mut task).await.is_err() {
                task.abort();
                drop(task.await);
            }
        }
    }
}

/// Listens for one manager at its socket; must be called by whoever has the lock of its state folder.
///
/// # Errors
/// When the place that was given cannot be used.
pub(crate) fn socket(config: &ManagerConfig, control: &Control, folder: &Path) -> Result<Listening, Failure> {
    let values = &config.values;
    let is_given = values.maybe_text("control_socket").is_some();
    let listening = Listening::default();
    let Some(path) = socket_path(values, folder) else { return Ok(listening) };
    let shown = path.display();
    match Socket::bind(&path) {
        Ok(socket) => {
            let listener = Listener::Socket(socket);
            let opened = Opened::grpc(listener, shown.to_string(), vec![config.manager.clone()]);
            let listening = Listening { opened: vec![opened], ..listening };
            listening.add(control, config.kind.section.name);
            Ok(listening)
        }
        Err(error) if is_given => {
            let problem = format!("failed to listen at {shown}: {error}");
            Err(values.problem("control_socket", problem).into())
        }
        // Nobody asked for it: a manager does what it is for without.
        Err(error) => {
            warn!(
                %error,
                "no control plane: the socket {shown} cannot be made; --control-socket PATH names another place, and none does without"
            );
            Ok(listening)
        }
    }
}

/// Every cargo feature that is not just a bundle of others, and whether this build has it.
const fn features() -> [(&'static str, bool); 13] {
    [
        ("batch", cfg!(feature = "batch")),
        ("control", true),
        ("ec2", cfg!(feature = "ec2")),
        ("ecs", cfg!(feature = "ecs")),
        ("external", cfg!(feature = "external")),
        ("manual", cfg!(feature = "manual")),
        ("native", cfg!(feature = "native")),
        ("provision", cfg!(feature = "provision")),
        ("simulate", cfg!(feature = "simulate")),
        ("symphony", cfg!(feature = "symphony")),
        ("tls", cfg!(feature = "tls")),
        ("top", cfg!(feature = "top")),
        ("zmq", cfg!(feature = "zmq")),
    ]
}

/// What this program was built of.
fn build() -> Build {
    Build {
        version: env!("CARGO_PKG_VERSION"),
        features: features().into_iter().filter_map(|(name, is_there)| is_there.then_some(name)).collect(),
        wire_versions: Version::ALL.map(Version::byte).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_is_told() {
        let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap();
        let bundles = ["aws", "default"];
        let declared = manifest["features"].as_table().unwrap().keys().map(String::as_str);
        let declared: Vec<&str> = declared.filter(|name| !bundles.contains(name)).collect();
        let mut told = features().map(|(name, _)| name);
        told.sort_unstable();
        assert_eq!(*declared, told);
    }
}
