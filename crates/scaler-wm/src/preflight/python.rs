//! Interpreters on this host, and the package that is installed for them.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use scaler_wm_core::Check;
use scaler_wm_python::Installed;
use scaler_wm_wire::Version;
use tokio::{sync::OnceCell, task::spawn_blocking};

use super::{Around, bad, scheduler::releases};

/// How long an interpreter may take, the import of the package included.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// What workers import.
const WORKER: &str = "scaler.worker.worker";
/// The releases that this program was tested with.
const OLDEST: (u32, u32) = (2, 4);
const NEWEST: (u32, u32) = (2, 9);
/// The first release that speaks version 2 of the wire.
const FIRST_V2: (u32, u32) = (2, 7);

/// What is installed for an interpreter, or why it cannot be told.
type Found = Result<(PathBuf, Installed), String>;

/// Interpreters that were asked. Each is asked once, however many managers it has.
#[derive(Debug, Default)]
pub(super) struct Pythons(RefCell<Vec<Asked>>);

/// The interpreter that was given, and what is found.
type Asked = (Option<PathBuf>, Rc<OnceCell<Found>>);

impl Pythons {
    /// What is installed for the interpreter that is given, or chosen.
    pub(super) async fn look(&self, given: Option<&Path>) -> Found {
        let given = given.map(Path::to_owned);
        let known = self.0.borrow().iter().find(|(known, _)| *known == given).map(|(_, cell)| Rc::clone(cell));
        let cell = known.unwrap_or_else(|| {
            let cell = Rc::<OnceCell<Found>>::default();
            self.0.borrow_mut().push((given.clone(), Rc::clone(&cell)));
            cell
        });
        cell.get_or_init(|| ask(given)).await.clone()
    }
}

async fn ask(given: Option<PathBuf>) -> Found {
    let python = scaler_wm_python::interpreter(given.as_deref()).map_err(|error| error.to_string())?;
    let asked = python.clone();
    let found = spawn_blocking(move || Installed::look(&asked, Some(WORKER), &[""; 0], ANSWER_WITHIN)).await;
    let found = found.map_err(|error| error.to_string())?;
    let found = found.map_err(|error| format!("{error}; give another interpreter by --python PATH"))?;
    Ok((python, found))
}

/// The interpreter of the file's parts.
pub(super) async fn of_parts(around: &Around) -> Check {
    check(&around.pythons.look(around.python.as_deref()).await, None)
}

/// The version of the wire that the file's own scheduler will speak.
pub(super) async fn version_of_parts(around: &Around) -> Option<Version> {
    let (_, installed) = around.pythons.look(around.python.as_deref()).await.ok()?;
    Some(version(installed.release()?))
}

fn version(release: (u32, u32)) -> Version {
    if release < FIRST_V2 { Version::V1 } else { Version::V2 }
}

/// Whether workers can be run by it, at a scheduler that speaks `spoken`, where that is known.
pub(super) fn check(found: &Found, spoken: Option<Version>) -> Check {
    const NAME: &str = "python";
    let (python, installed) = match found {
        Ok((python, installed)) => (python.display(), installed),
        Err(words) => return bad(NAME, words),
    };
    let version_of_python = &installed.python;
    let (Some(package), Some(release)) = (&installed.package, installed.release()) else {
        let found = format!("opengris-scaler is not installed for {python} (Python {version_of_python})");
        let todo =
            format!("run `{python} -m pip install opengris-scaler`, or give another interpreter by --python PATH");
        return Check::bad(NAME, found, todo);
    };
    let shown = format!("{python} is Python {version_of_python} with opengris-scaler {package}");
    if release < OLDEST {
        let todo = format!("run `{python} -m pip install --upgrade opengris-scaler`");
        return Check::bad(NAME, format!("{shown}, which is older than 2.4.0"), todo);
    }
    if let Some(why) = &installed.broken {
        let todo = format!("run `{python} -m pip install --force-reinstall opengris-scaler`");
        return Check::bad(NAME, format!("{shown}, which cannot be imported: {why}"), todo);
    }
    if let Some(spoken) = spoken.filter(|spoken| *spoken != version(release)) {
        let found =
            format!("{shown}, which speaks {}; the scheduler speaks {}", releases(version(release)), releases(spoken));
        return Check::bad(NAME, found, "install the scheduler's release for it, or give another one by --python PATH");
    }
    if release > NEWEST {
        return Check::doubtful(
            NAME,
            format!("{shown}, which is newer than what this was tested with"),
            "try it first",
        );
    }
    Check::good(NAME, shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(package: Option<&str>, broken: Option<&str>) -> Found {
        let text = |text: &str| text.to_owned();
        let installed = Installed {
            python: "3.11.2".to_owned(),
            package: package.map(text),
            missing: Vec::new(),
            broken: broken.map(text),
        };
        Ok((PathBuf::from("py"), installed))
    }

    #[test]
    fn every_state_of_the_package_is_told() {
        for (found, spoken, word, told) in [
            (found(Some("2.9.0"), None), Some(Version::V2), "ok", "opengris-scaler 2.9.0"),
            (found(Some("2.6.0"), None), Some(Version::V2), "failed", "speaks version 1"),
            (found(Some("2.3.1"), None), None, "failed", "older than 2.4.0"),
            (found(Some("3.0.0"), None), None, "warning", "newer"),
            (found(Some("2.9.0"), Some("ImportError: x")), None, "failed", "ImportError: x"),
            (found(None, None), None, "failed", "not installed"),
            (Err("no such thing; do that".to_owned()), None, "failed", "no such thing"),
        ] {
            let check = check(&found, spoken);
            assert_eq!(check.finding.word(), word, "{check}");
            assert!(check.to_string().contains(told), "{check}");
        }
    }
}
