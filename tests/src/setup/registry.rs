//! What the package registry has of the released package, asked by `pip`.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use super::interpreter::{output_of, run};
use super::venv::cache_folder;
use crate::{Failure, LATEST, Result, Venv};

/// Asks once more, and not for minutes, when the registry does not answer.
const PATIENCE: [&str; 4] = ["--retries", "1", "--timeout", "15"];

/// The newest release there is for this Python.
///
/// # Errors
/// When the registry does not answer, or has no release.
pub fn newest_release() -> Result<String> {
    let operation = "ask the package registry for the newest release";
    let advice = "is there a network? with releases named nothing needs to be asked";
    let mut pip = pip("index")?;
    pip.args(["versions", "opengris-scaler"]).args(PATIENCE);
    let said =
        output_of(&mut pip).map_err(|failure| Failure::new(operation, advice).with_context(failure.to_string()))?;
    // `opengris-scaler (2.9.0)`, and then all the others.
    let first = said.lines().next().unwrap_or_default();
    let release =
        first.rsplit_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(release, _)| release.to_owned());
    release.ok_or_else(|| Failure::new(operation, format!("`pip index versions` says `{first}`")))
}

/// The source distribution of a release, fetched once and kept as it is: it has the documentation and the tests, which
/// what is installed lacks. `say` gets a line before it is fetched.
///
/// # Errors
/// When it cannot be fetched.
pub fn source_distribution(release: &str, say: &dyn Fn(&str)) -> Result<PathBuf> {
    let folder = cache_folder()?.join(format!("sdist-{release}"));
    let file = folder.join(format!("opengris_scaler-{release}.tar.gz"));
    let failed = |error: std::io::Error| Failure::new(format!("fetch {}", file.display()), error);
    fs::create_dir_all(&folder).map_err(failed)?;
    let lock = File::create(folder.join("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if file.is_file() {
        return Ok(file);
    }
    say(&format!("fetching the source distribution of opengris-scaler {release} (some 20 MB, once)"));
    // What broke off has another name.
    let new = tempfile::tempdir_in(&folder).map_err(failed)?;
    let mut pip = pip("download")?;
    pip.args(["--quiet", "--no-deps", "--no-binary", "opengris-scaler", "--dest"]).arg(new.path()).args(PATIENCE);
    run(pip.arg(format!("opengris-scaler=={release}")))?;
    let name = file.file_name().unwrap_or_default();
    fs::rename(new.path().join(name), &file).map_err(failed)?;
    Ok(file)
}

fn pip(command: &str) -> Result<Command> {
    let venv = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
    let mut pip = Command::new(venv.python());
    pip.args(["-m", "pip", command, "--disable-pip-version-check", "--no-input"]);
    Ok(pip)
}
