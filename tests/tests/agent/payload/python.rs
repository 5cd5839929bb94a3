//! Every Python 3 of this machine.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::{env, fmt, fs};

use scaler_wm_tests::{Failure, LATEST, OLDEST, Result, Venv};
use serde_json::{Value, json};

use super::script::Script;

/// An interpreter, and what it finds.
pub(super) struct Python {
    program: PathBuf,
    /// The package `cloudpickle` of another one, if it has none of its own.
    lent: Option<PathBuf>,
    /// As the script tells it.
    is: Value,
}

impl Python {
    /// All there are, those of the released packages first; looked for once.
    pub(super) fn all() -> Result<&'static [Self]> {
        static FOUND: Mutex<Option<&'static [Python]>> = Mutex::new(None);
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = *found {
            return Ok(found);
        }
        let pythons = Self::find()?;
        pythons.iter().for_each(|python| println!("{python}"));
        Ok(found.insert(pythons.leak()))
    }

    fn find() -> Result<Vec<Self>> {
        let mut programs = Vec::new();
        for release in [LATEST, OLDEST] {
            programs.push(Venv::ensure(release, &|line| eprintln!("{line}"))?.python());
        }
        let released = programs.len();
        programs.extend(installed());
        let (mut pythons, mut known) = (Vec::new(), HashSet::new());
        for program in programs {
            if !is_python(&program) {
                println!("{}: no Python of 3.6 or newer", program.display());
                continue;
            }
            let python = Self::new(program, None)?;
            if known.insert((python.is["prefix"].clone(), python.is["version"].clone())) {
                pythons.push(python);
            }
        }
        // What is never there is never tested.
        if let Some(poor) =
            pythons.iter().take(released).find(|python| !python.has_cloudpickle() || !python.has_tblib())
        {
            return Err(Failure::new("find what a released package needs", poor));
        }
        // Newer releases of cloudpickle leave out old interpreters, for which an older release may be somewhere.
        let lenders: Vec<PathBuf> =
            pythons.iter().filter_map(|python| python.is["cloudpickle"][1].as_str().map(PathBuf::from)).collect();
        for python in pythons.iter_mut().filter(|python| !python.has_cloudpickle()) {
            let lent = lenders.iter().map(|lender| Self::new(python.program.clone(), Some(lender.clone())));
            if let Some(better) = lent.filter_map(Result::ok).find(Self::has_cloudpickle) {
                *python = better;
            }
        }
        Ok(pythons)
    }

    fn new(program: PathBuf, lent: Option<PathBuf>) -> Result<Self> {
        let is = Script::start(&program, lent.as_deref())?.ask(&json!({"do": "hello"}))?;
        Ok(Self { program, lent, is })
    }

    /// Whether it can run payloads, and not only look at pickles.
    pub(super) fn has_cloudpickle(&self) -> bool {
        self.is["cloudpickle"].is_array()
    }

    /// Whether exceptions keep their tracebacks.
    pub(super) fn has_tblib(&self) -> bool {
        self.is["tblib"] == true
    }

    /// The type that an error of a payload has: that of the released package, or what stands for it.
    pub(super) fn error<'a>(&'a self, name: &'a str) -> &'a str {
        self.is["errors"][name].as_str().unwrap_or(name)
    }

    /// Whoever can open a pickle.
    pub(super) fn loaders(&self) -> &'static [&'static str] {
        if self.has_cloudpickle() { &["cloudpickle", "pickle", "pure Python"] } else { &["pickle", "pure Python"] }
    }

    /// The newest protocol of its pickles.
    pub(super) fn highest_protocol(&self) -> u8 {
        self.is["protocol"].as_u64().and_then(|protocol| u8::try_from(protocol).ok()).unwrap_or(4)
    }

    /// Another process of it.
    pub(super) fn script(&self) -> Result<Script> {
        Script::start(&self.program, self.lent.as_deref())
    }
}

impl fmt::Display for Python {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        write!(f, "Python {} ({}): ", text(&self.is["version"]), self.program.display())?;
        match self.is["cloudpickle"][0].as_str() {
            Some(version) => write!(f, "cloudpickle {version}{}", self.lent.as_ref().map_or("", |_| " (lent)"))?,
            None => write!(f, "no cloudpickle ({})", text(&self.is["missing"]))?,
        }
        f.write_str(if self.has_tblib() { ", tblib" } else { "" })
    }
}

/// Runs a test with every interpreter, or with every one that has cloudpickle; it counts its cases.
pub(super) fn with_each(
    is_fit: impl Fn(&Python) -> bool,
    test: impl Fn(&Python, &mut Script) -> Result<usize>,
) -> Result<()> {
    for python in Python::all()? {
        if is_fit(python) {
            let cases = test(python, &mut python.script()?)
                .map_err(|failure| Failure::new(format!("pass with {python}"), failure))?;
            println!("{python}: {cases} cases");
        } else {
            println!("{python}: left out");
        }
    }
    Ok(())
}

/// Whether it is what it is named after: pyenv has stand-ins for interpreters that are not there.
fn is_python(program: &Path) -> bool {
    let code = "import sys; sys.exit(sys.version_info < (3, 6))";
    let outcome = Command::new(program).args(["-c", code]).stderr(Stdio::null()).status();
    outcome.is_ok_and(|status| status.success())
}

/// What is named `python3` or `python3.N` on the path, and what pyenv has.
fn installed() -> Vec<PathBuf> {
    let is_python = |name: &str| {
        name.strip_prefix("python3").is_some_and(|rest| {
            rest.is_empty()
                || rest.strip_prefix('.').is_some_and(|minor| minor.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv")));
    let versions = pyenv.and_then(|pyenv| fs::read_dir(pyenv.join("versions")).ok()).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    let files = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let mut found: Vec<PathBuf> =
        files.filter(|file| file.file_name().to_str().is_some_and(is_python)).map(|file| file.path()).collect();
    found.sort();
    found
}
