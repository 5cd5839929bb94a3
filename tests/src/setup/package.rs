//! What users install: man pages, completions, the wheel.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::interpreter::run;
use crate::{Failure, Result, Venv};

/// Where completions of a shell belong, below `share`.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "bash-completion/completions/scaler-wm"),
    ("zsh", "zsh/site-functions/_scaler-wm"),
    ("fish", "fish/vendor_completions.d/scaler-wm.fish"),
];

/// The line of `pyproject.toml` that says where the binary's source is.
const MANIFEST: &str = "manifest-path = \"../../crates/scaler-wm/Cargo.toml\"";

/// The repository's folder.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

fn written(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    let failed = |error: std::io::Error| Failure::new(format!("write {}", path.display()), error);
    fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    fs::write(path, bytes).map_err(failed)
}

fn taken(from: &Path) -> Result<Vec<u8>> {
    fs::read(from).map_err(|error| Failure::new(format!("read {}", from.display()), error))
}

/// Lets a binary with the feature `manual` write man pages and completions, laid out as below `/usr/share`.
///
/// # Errors
/// When it does not, or they cannot be written.
pub fn write_papers(binary: &Path, share: &Path) -> Result<()> {
    let pages = share.join("man/man1");
    fs::create_dir_all(&pages).map_err(|error| Failure::new(format!("make {}", pages.display()), error))?;
    run(Command::new(binary).arg("man-pages").arg(&pages))?;
    for (shell, place) in COMPLETIONS {
        let output = Command::new(binary).args(["completions", shell]).output();
        let output = output.map_err(|error| Failure::new(format!("run {}", binary.display()), error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Failure::new(format!("print completions for {shell}"), output.status).with_context(said));
        }
        written(&share.join(place), output.stdout)?;
    }
    Ok(())
}

/// Builds the wheel around the program that cargo makes with these arguments and in this environment, with the papers of
/// `share` in it, and gives its path in `folder`, which is emptied. What cargo has made already is taken as it is.
///
/// # Errors
/// When there is no `maturin` to be had, or it fails.
pub fn build_wheel(
    cargo_arguments: &[&str],
    environment: &[(&str, &str)],
    share: &Path,
    folder: &Path,
) -> Result<PathBuf> {
    let maturin = Venv::with_maturin(&|line| eprintln!("{line}"))?;
    let source = root().join("packaging/wheel");
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| Failure::new(format!("empty {}", folder.display()), error))?;
    }
    // Beside the committed files lie those that are made, which do not belong into the repository.
    let project = folder.join("project");
    let text = String::from_utf8_lossy(&taken(&source.join("pyproject.toml"))?).into_owned();
    let manifest = root().join("crates/scaler-wm/Cargo.toml");
    let here = format!("manifest-path = {:?}\ndata = \"made\"", manifest.display().to_string());
    if !text.contains(MANIFEST) {
        return Err(Failure::new("read packaging/wheel/pyproject.toml", format!("it has no line `{MANIFEST}`")));
    }
    written(&project.join("pyproject.toml"), text.replace(MANIFEST, &here))?;
    written(&project.join("README.md"), taken(&source.join("README.md"))?)?;
    written(&project.join("LICENSE"), taken(&root().join("LICENSE"))?)?;
    copy(share, &project.join("made/data/share"))?;
    let mut command = Command::new(maturin.program("maturin"));
    command.current_dir(&project).args(["build", "--locked", "--out"]).arg(folder).args(cargo_arguments);
    if let Some(target) = env::var_os("CARGO_TARGET_DIR") {
        // Relative to where cargo runs elsewhere.
        command.env("CARGO_TARGET_DIR", root().join(target));
    }
    command.envs(environment.iter().copied());
    run(&mut command)?;
    let entries = fs::read_dir(folder).map_err(|error| Failure::new(format!("read {}", folder.display()), error))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| Failure::new("build the wheel", "maturin made none"))
}

/// Copies a folder with everything in it.
///
/// # Errors
/// When something cannot be read or written.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).map_err(|error| Failure::new(format!("read {}", from.display()), error))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() { copy(&path, &to.join(name))? } else { written(&to.join(name), taken(&path)?)? }
    }
    Ok(())
}
