//! Several managers in one process.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use scaler_wm_tests::{Failure, LATEST, Ports, Result, Told, UpStack, manager_binary};
use serde_json::Value;

use crate::ctl;

/// Runs `ctl` in the home folder of what a stack starts.
fn home(stack: &UpStack, words: &[&str]) -> Result<Told> {
    let mut command = Command::new(manager_binary()?);
    command.arg("ctl").args(words).env("HOME", stack.folder().join("home")).env_remove("XDG_STATE_HOME");
    let output = command.output().map_err(|error| Failure::new("run scaler-wm ctl", error))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Told { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr) })
}

#[test]
fn they_share_an_address_and_each_has_its_socket() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let address = format!("127.0.0.1:{}", Ports::single()?);
    let managers = [stack.manager_section("a", 2, ""), stack.manager_section("b", 2, "")].concat();
    let toml = stack.core_and(&format!("{managers}\n[control]\ncontrol_address = \"{address}\"\n"));
    let mut up = stack.all_up(&toml, &[])?;
    let over = |arguments: &[&str]| ctl(&[arguments, &["--address", &address]].concat());
    let told = over(&["status", "--json"])?;
    let status: Value = serde_json::from_str(&told.output).unwrap_or_default();
    let names: Vec<&str> =
        status["managers"].as_array().into_iter().flatten().filter_map(|manager| manager["manager"].as_str()).collect();
    stack.check(names == ["a", "b"], "both", format!("{told:?}"))?;

    let told = over(&["drain"])?;
    let is_asked =
        told.code == Some(1) && told.errors.contains("there are a, b") && told.errors.contains("--manager ID");
    stack.check(is_asked, "the question which one", format!("{told:?}"))?;
    let told = over(&["drain", "--manager", "b"])?;
    stack.check(told.code == Some(0), "b drained", format!("{told:?}"))?;

    // By name, each at its own socket.
    let told = home(&stack, &["status", "--manager", "b", "--json"])?;
    let status: Value = serde_json::from_str(&told.output).unwrap_or_default();
    let is_b = status["managers"].as_array().is_some_and(|all| all.len() == 1)
        && status["managers"][0]["manager"] == "b"
        && status["managers"][0]["is_draining"] == true;
    stack.check(is_b, "b alone", format!("{told:?}"))?;
    let told = home(&stack, &["units"])?;
    let names_them = told.code == Some(2) && told.errors.contains("several managers run: a, b; --manager ID");
    stack.check(names_them, "which ones there are", format!("{told:?}"))?;
    // How all of them stand can be asked at once: by a container's health check, say.
    let told = home(&stack, &["status", "--json"])?;
    let status: Value = serde_json::from_str(&told.output).unwrap_or_default();
    let names: Vec<&str> =
        status["managers"].as_array().into_iter().flatten().filter_map(|manager| manager["manager"].as_str()).collect();
    stack.check(told.code == Some(0) && names == ["a", "b"], "both", format!("{told:?}"))?;

    let told = over(&["shutdown", "--manager", "a"])?;
    stack.check(told.code == Some(0), "a ended", format!("{told:?}"))?;
    // The end of one part is that of the stack.
    stack.until_ended(&mut up, 0, 30.0)?;
    let told = home(&stack, &["status"])?;
    stack.check(
        told.code == Some(1) && told.errors.contains("no manager of this user runs"),
        "nobody",
        format!("{told:?}"),
    )
}

#[test]
fn what_they_cannot_share_is_refused() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let refused = |more: &str, words: &str| {
        let managers = [stack.manager_section("a", 2, ""), stack.manager_section("b", 2, more)].concat();
        let mut up = stack.up(&stack.core_and(&managers), &[])?;
        stack.until_ended(&mut up, 2, 20.0)?;
        stack.check(up.errors().text().contains(words), &format!("{words:?}"), up.errors().text())
    };
    let socket = stack.folder().join("one.sock");
    let both = format!("\n[control]\ncontrol_socket = \"{}\"\n", socket.display());
    refused(&both, "two managers cannot share")?;
    let token = stack.write("token", "0123456789abcdef0123")?;
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).map_err(|error| Failure::new("close it", error))?;
    let other = format!(
        "control_address = \"127.0.0.1:9\"\ncontrol_token_file = \"{}\"\n\n[[worker_manager]]\ntype = \
         \"baremetal_native\"\nscheduler_address = \"{}\"\nworker_manager_id = \"c\"\nmax_task_concurrency = \
         1\ncontrol_address = \"127.0.0.1:9\"\n",
        token.display(),
        stack.address()
    );
    refused(&other, "another manager listens there with other files")
}
