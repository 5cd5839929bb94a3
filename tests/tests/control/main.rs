//! Managers that run, watched and told what to do by `scaler-wm ctl`.

mod access;
mod events;
mod operate;
mod operated;
mod orders;
mod several;
mod status;

use std::{
    ffi::OsStr,
    process::{Command, Stdio},
};

use scaler_wm_tests::{Failure, ManagerOptions, Result, Stack, StackOptions, Told, manager_binary};

/// A scheduler that is told what to wish.
fn told() -> Result<Stack> {
    Stack::start(StackOptions { is_told: true, ..StackOptions::default() })
}

/// A manager that follows at once.
fn options(id: &str, extra: &[&str]) -> ManagerOptions {
    ManagerOptions {
        id: id.to_owned(),
        limit: 4,
        cooldown: Some(0.0),
        heartbeat: Some(1.0),
        log_name: id.to_owned(),
        extra: extra.iter().map(ToString::to_string).collect(),
        ..ManagerOptions::default()
    }
}

/// Runs `scaler-wm ctl` to its end.
fn ctl(words: &[impl AsRef<OsStr>]) -> Result<Told> {
    let mut command = Command::new(manager_binary()?);
    command.arg("ctl").args(words).stdin(Stdio::null());
    let output = command.output().map_err(|error| Failure::new("run scaler-wm ctl", error))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Told { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr) })
}

/// The socket of a manager.
fn socket(stack: &Stack, id: &str) -> String {
    stack.folder().join(format!("state-{id}")).join("control.sock").to_string_lossy().into_owned()
}

/// Runs `scaler-wm ctl` for a manager of a stack, which must do what it is told.
fn good(stack: &Stack, id: &str, words: &[&str]) -> Result<Told> {
    let socket = socket(stack, id);
    let told = ctl(&[words, &["--socket", &socket]].concat())?;
    stack.check(told.code == Some(0), &format!("ctl {words:?} to do it"), format!("{told:?}"))?;
    Ok(told)
}
