//! Which manager is meant, and where it listens.

use std::{
    fs,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use scaler_wm_control::client::{ConnectError, Target};
use scaler_wm_core::ManagerId;

use crate::{
    cli::{Place, Whom},
    control::usual_socket,
    exit::Failure,
    state,
};

/// Where to connect.
///
/// # Errors
/// When no manager is meant, or several may be.
pub(super) fn target(whom: &Whom) -> Result<Target, Failure> {
    <[Target; 1]>::try_from(targets(whom)?).map(|[only]| only).map_err(|several| {
        let name = |target: &Target| match target {
            Target::Socket(path) => path.parent().and_then(Path::file_name).map(|name| name.display().to_string()),
            Target::Tcp { .. } => None,
        };
        let names: Vec<String> = several.iter().filter_map(name).collect();
        Failure::Usage(format!("several managers run: {}; --manager ID names one", names.join(", ")))
    })
}

/// Where everybody listens who may be meant; at least one.
///
/// # Errors
/// When nobody may be.
pub(super) fn targets(whom: &Whom) -> Result<Vec<Target>, Failure> {
    Ok(vec![match &whom.place {
        Place::Socket(path) => Target::Socket(path.clone()),
        Place::Address { address, ca, identity, token } => Target::Tcp {
            address: address.clone(),
            authority: ca.clone(),
            identity: identity.clone(),
            token: token.clone(),
        },
        Place::ByName => match &whom.manager {
            Some(manager) => {
                Target::Socket(usual_socket(&state::default_folder_of(&ManagerId::from(manager.as_str()))?))
            }
            None => return Ok(all_that_run()?.into_iter().map(Target::Socket).collect()),
        },
    }])
}

/// The managers of this user that run, in the usual place.
fn all_that_run() -> Result<Vec<PathBuf>, Failure> {
    let root = state::root()?;
    let folders = fs::read_dir(&root).into_iter().flatten().flatten();
    let sockets = folders.map(|folder| usual_socket(&folder.path()));
    let is_socket = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|there| there.file_type().is_socket());
    let mut running: Vec<PathBuf> = sockets.filter(is_socket).filter(|path| is_alive(path)).collect();
    running.sort();
    if running.is_empty() {
        return Err(Failure::Running(format!(
            "no manager of this user runs (none has a socket that answers under {}); --socket PATH names another socket, \
             and --address HOST:PORT a place over TCP",
            root.display()
        )));
    }
    Ok(running)
}

/// Whether anybody listens. Managers that were killed leave their sockets.
fn is_alive(path: &Path) -> bool {
    scaler_wm_control::listen::is_alive(path)
}

/// Why there is no connection, and what to do.
pub(super) fn unreachable(target: &Target, error: &ConnectError) -> Failure {
    match (target, error) {
        (_, ConnectError::File { path, error }) => Failure::Usage(format!("{}: {error}", path.display())),
        (Target::Socket(path), ConnectError::Unreachable(why)) => Failure::Running(format!(
            "nobody answers at {} ({why}); is the manager running, as this user, and with the feature `control`? \
             --socket PATH names another socket",
            path.display()
        )),
        (Target::Tcp { address, authority, .. }, ConnectError::Unreachable(why)) => {
            let advice = match authority {
                None => "; if it wants TLS, --ca FILE names who signed its certificate",
                Some(_) => "; if it wants a certificate of yours, --cert FILE and --key FILE show one",
            };
            Failure::Running(format!("no connection to {address}: {why}{advice}"))
        }
    }
}
