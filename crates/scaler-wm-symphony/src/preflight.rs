//! What tasks need of Symphony, looked at before any is submitted: a library, and an application that lets us in. No
//! session is made.

use std::time::Duration;

use scaler_wm_core::{Chain, Check, Error, ErrorKind, Result};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{SymphonyConfig, abi, ffi::Library};

/// How long the library may take to be loaded, how long to connect, and how long to end a session.
const WITHIN: Duration = Duration::from_secs(10);
const LIBRARY: &str = "library";
const APPLICATION: &str = "application";

/// Looks at what tasks of this configuration need.
pub async fn preflight(config: SymphonyConfig) -> Vec<Check> {
    let path = config.library.clone();
    let shown = path.display().to_string();
    let library = match called(move || Library::load(&path)).await {
        Ok(library) => library,
        Err(error) => {
            let bad = Check::bad(LIBRARY, Chain(&error).to_string(), "mend that, or name another by --soam-library");
            return vec![bad, Check::skipped(APPLICATION, "without the library nothing can be asked")];
        }
    };
    let version = format!("{}.{}", abi::MAJOR, abi::MINOR);
    let mut checks = vec![Check::good(LIBRARY, format!("{shown} serves version {version}"))];
    let SymphonyConfig { application, user, password, .. } = config;
    let name = application.clone();
    let connected = called(move || {
        let connection = library.connect(&name, &user, &password)?;
        // Closed here, on this thread: calls of the library block.
        connection.id()
    });
    checks.push(match connected.await {
        Ok(id) => Check::good(APPLICATION, format!("`{application}` lets this user in, as {id}")),
        Err(error) => refused(&error),
    });
    let why = "whether the application knows session type and service shows when a session is made";
    checks.push(Check::skipped("session", why));
    checks
}

fn refused(error: &Error) -> Check {
    let (name, todo) = match error.kind() {
        ErrorKind::NotFound => (APPLICATION, "register it at the cluster, or mend --service-name"),
        ErrorKind::Denied => ("user", "mend --security-user, or the password behind --soam-password-file"),
        _ => ("cluster", "see that the cluster runs and its environment is sourced"),
    };
    Check::bad(name, Chain(error).to_string(), todo)
}

/// What calls of the library give, which block, if they come back in time. Those that do not are left alone.
pub(crate) async fn called<T: Send + 'static>(call: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    const PURPOSE: &str = "call the library of Symphony";
    let failed = |context: String| Error::new(ErrorKind::Failed, PURPOSE, context);
    match timeout(WITHIN, spawn_blocking(call)).await {
        Ok(answer) => answer.unwrap_or_else(|error| Err(failed(error.to_string()))),
        Err(_) => Err(failed(format!("it did not come back within {} s", WITHIN.as_secs()))),
    }
}
