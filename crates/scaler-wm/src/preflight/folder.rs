//! The state folder of a manager, which is left as it is.

use std::{
    fs::{self, File},
    path::Path,
};

use rustix::fs::{Access, FlockOperation, access, flock};
use scaler_wm_core::Check;

use super::bad;
use crate::{config::ManagerConfig, state};

const NAME: &str = "state folder";

/// Whether the manager could have its folder; with the identity that is kept there.
pub(super) fn look(config: &ManagerConfig) -> (Check, Option<String>) {
    let folder = match state::folder(&config.values, &config.manager) {
        Ok(folder) => folder,
        Err(failure) => return (bad(NAME, &failure.text()), None),
    };
    let identity = fs::read_to_string(folder.join("identity")).ok();
    let shown = folder.display();
    let check = match File::open(folder.join("lock")) {
        // Locked for an instant, beside others that look: a lock that is held is seen, and none is taken.
        Ok(mut lock) => match flock(&lock, FlockOperation::NonBlockingLockShared) {
            Err(rustix::io::Errno::WOULDBLOCK) => bad(NAME, &state::held(&mut lock, &config.manager, &folder).text()),
            _ => match writable(&folder) {
                true => Check::good(NAME, format!("{shown} is there and free")),
                false => not_writable(&folder),
            },
        },
        Err(_) => match nearest(&folder) {
            Some(there) if writable(there) => Check::good(NAME, format!("{shown} can be made")),
            Some(there) => not_writable(there),
            None => Check::bad(NAME, format!("{shown} cannot be made"), "give another folder by --state-dir DIR"),
        },
    };
    (check, identity)
}

fn not_writable(folder: &Path) -> Check {
    let found = format!("{} cannot be written to by this user", folder.display());
    Check::bad(NAME, found, "give another folder by --state-dir DIR")
}

/// The folder, or the nearest one above it that is there.
fn nearest(folder: &Path) -> Option<&Path> {
    let there = folder.ancestors().find(|above| above.exists() || above.as_os_str().is_empty())?;
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    there.is_dir().then_some(there)
}

fn writable(folder: &Path) -> bool {
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}
