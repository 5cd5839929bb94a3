//! Virtual environments with a released OpenGRIS Scaler, made once and kept.

use std::collections::HashMap;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::{Failure, Result};

/// The newest release that is tested: the one a user installs today.
pub const LATEST: &str = "2.9.0";

/// The oldest release that is tested: it speaks version 1 of the wire.
pub const OLDEST: &str = "2.6.0";

/// Written last, so that a folder without it was left by a run that broke off.
const STAMP: &str = "scaler-wm.stamp";

/// A virtual environment with one release of `opengris-scaler`.
#[derive(Clone, Debug)]
pub struct Venv {
    folder: PathBuf,
    release: String,
}

/// The Python scripts of the harness (clients, and the scheduler with a random policy).
pub fn python_scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

impl Venv {
    /// The environment of `release`, made when it is missing or broken; `say` gets a line for each step that takes time.
    /// Several processes may ask at once.
    ///
    /// # Errors
    /// When there is no Python with `venv`, or the packages cannot be installed.
    pub fn ensure(release: &str, say: &dyn Fn(&str)) -> Result<Self> {
        static MADE: Mutex<Option<HashMap<String, Venv>>> = Mutex::new(None);
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let made = made.get_or_insert_with(HashMap::new);
        if let Some(venv) = made.get(release) {
            return Ok(venv.clone());
        }
        let venv = Self::make(release, say)?;
        made.insert(release.to_owned(), venv.clone());
        Ok(venv)
    }

    fn make(release: &str, say: &dyn Fn(&str)) -> Result<Self> {
        let python = Interpreter::find()?;
        let cache = cache_folder()?;
        let folder = cache.join(format!("venv-{release}-py{}", python.short_version()));
        let failed = |error: std::io::Error| Failure::new(format!("make {}", folder.display()), error);
        fs::create_dir_all(&cache).map_err(failed)?;
        let lock = File::create(folder.with_extension("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;

        let venv = Self { folder: folder.clone(), release: release.to_owned() };
        let package = format!("opengris-scaler[zmq]=={release}");
        let stamp = format!("{package} python {} {}\n", python.version, python.base);
        if fs::read_to_string(folder.join(STAMP)).is_ok_and(|found| found == stamp) && venv.python().is_file() {
            return Ok(venv);
        }
        say(&format!("making a virtual environment with opengris-scaler {release} in {}", folder.display()));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(failed)?;
        }
        run(Command::new(&python.path).args(["-m", "venv"]).arg(&folder))?;
        say(&format!("installing opengris-scaler {release} (some 20 MB, once)"));
        run(Command::new(venv.python())
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .arg(&package))?;
        fs::write(folder.join(STAMP), stamp).map_err(failed)?;
        Ok(venv)
    }

    /// A virtual environment with no packages at all in `folder`.
    ///
    /// # Errors
    /// When there is no Python with `venv`.
    pub fn bare(folder: &Path) -> Result<PathBuf> {
        let python = Interpreter::find()?;
        run(Command::new(&python.path).args(["-m", "venv", "--without-pip"]).arg(folder))?;
        Ok(folder.join("bin/python"))
    }

    /// The release that is installed in it.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// A program that it holds.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }
}

/// A Python that can make virtual environments.
struct Interpreter {
    path: PathBuf,
    version: String,
    base: String,
}

impl Interpreter {
    fn find() -> Result<Self> {
        let operation = "find a Python that makes virtual environments";
        let path =
            env::var_os("PYTHON").filter(|path| !path.is_empty()).map_or_else(|| "python3".into(), PathBuf::from);
        let code = "import sys; print(*sys.version_info[:3], sep='.'); print(sys.base_prefix); import venv, ensurepip";
        let output = Command::new(&path).args(["-c", code]).output().map_err(|error| {
            let advice = "install it (Debian: apt-get install python3 python3-venv) or name one with PYTHON";
            Failure::new(operation, format!("{} cannot be started ({error}): {advice}", path.display()))
        })?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines().map(str::to_owned);
        let (Some(version), Some(base), true) = (lines.next(), lines.next(), output.status.success()) else {
            let advice = "install it (Debian: apt-get install python3-venv) or name another Python with PYTHON";
            return Err(Failure::new(operation, format!("{} has no venv module: {advice}", path.display()))
                .with_context(String::from_utf8_lossy(&output.stderr)));
        };
        Ok(Self { path, version, base })
    }

    fn short_version(&self) -> &str {
        self.version.rsplit_once('.').map_or(&self.version, |(short, _)| short)
    }
}

/// `$SCALER_WM_CACHE`, else `scaler-wm` in the user's cache folder: outside the target directory, so that `cargo clean`
/// does not download everything again.
fn cache_folder() -> Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("SCALER_WM_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("scaler-wm")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/scaler-wm")))
        .ok_or_else(|| Failure::new("find a cache folder", "none of SCALER_WM_CACHE, XDG_CACHE_HOME and HOME is set"))
}

fn run(command: &mut Command) -> Result<()> {
    let text = format!("{command:?}");
    let output = command.output().map_err(|error| Failure::new(format!("run {text}"), error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(Failure::new(format!("run {text}"), output.status).with_context(String::from_utf8_lossy(&said)))
}
