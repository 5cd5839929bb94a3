//! Mistakes of the user are told before anything starts.

use std::path::Path;
use std::process::{Command, Output};

use scaler_wm_tests::{Failure, LATEST, Result, Venv, manager_binary};

/// Nobody needs to listen there: nothing may be started.
const ADDRESS: &str = "tcp://127.0.0.1:9";

fn run(arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(manager_binary()?);
    command.arg("baremetal_native").args(arguments);
    command.env_remove("VIRTUAL_ENV");
    command.output().map_err(|error| Failure::new("start scaler-wm", error))
}

/// Fails unless the program refused with exit code 1 or 2 and named every one of `words`.
fn refused(output: &Output, words: &[&str]) -> Result<()> {
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let said = String::from_utf8_lossy(&said);
    if !matches!(output.status.code(), Some(1 | 2)) {
        return Err(Failure::new("see exit code 1 or 2", output.status).with_context(said));
    }
    match words.iter().find(|word| !said.contains(**word)) {
        Some(word) => Err(Failure::new("see a helpful message", format!("it does not name {word}")).with_context(said)),
        None => Ok(()),
    }
}

fn temporary_folder() -> Result<tempfile::TempDir> {
    tempfile::tempdir().map_err(|error| Failure::new("make a temporary folder", error))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| Failure::new("name a path", "it is no UTF-8"))
}

#[test]
fn an_interpreter_that_is_not_there_is_named() -> Result<()> {
    let folder = temporary_folder()?;
    let state = text(folder.path())?;
    let output = run(&[ADDRESS, "-mtc", "2", "--state-dir", state, "--python", "/nonexistent/python3"])?;
    refused(&output, &["/nonexistent/python3"])
}

#[test]
fn a_missing_package_is_named_with_the_command_that_installs_it() -> Result<()> {
    let folder = temporary_folder()?;
    let python = Venv::bare(&folder.path().join("bare"))?;
    let state = folder.path().join("state");
    let output = run(&[ADDRESS, "-mtc", "2", "--state-dir", text(&state)?, "--python", text(&python)?])?;
    refused(&output, &["pip install", "opengris-scaler"])
}

#[test]
fn an_unknown_flag_gets_the_nearest_known_one() -> Result<()> {
    refused(&run(&[ADDRESS, "--max-task-concurency", "2"])?, &["--max-task-concurrency"])
}

#[test]
fn an_unknown_key_gets_the_nearest_known_one() -> Result<()> {
    let folder = temporary_folder()?;
    let file = folder.path().join("config.toml");
    let venv = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
    let toml = format!(
        "[[worker_manager]]\ntype = \"baremetal_native\"\nmax_task_concurency = 2\npython = \"{}\"\n",
        venv.python().display()
    );
    std::fs::write(&file, toml).map_err(|error| Failure::new("write the configuration", error))?;
    refused(&run(&[ADDRESS, "-c", text(&file)?])?, &["max_task_concurency", "max_task_concurrency"])
}
