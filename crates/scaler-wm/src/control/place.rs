//! Where the socket of a manager is.

use std::path::{Path, PathBuf};

use scaler_wm_core::options::Values;

/// The file of a socket in the state folder.
const SOCKET: &str = "control.sock";

/// The socket of a manager that is told nothing else.
pub(crate) fn usual_socket(folder: &Path) -> PathBuf {
    folder.join(SOCKET)
}

/// The socket that the options name, or the usual one in the state folder; `None` where there is to be none.
pub(crate) fn socket_path(values: &Values, folder: &Path) -> Option<PathBuf> {
    match values.has("control_socket").then(|| values.maybe_text("control_socket")).flatten() {
        Some(none) if none == "none" => None,
        given => Some(given.map_or_else(|| usual_socket(folder), PathBuf::from)),
    }
}
