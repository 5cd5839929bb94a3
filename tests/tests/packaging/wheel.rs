//! The wheel in a fresh environment: it runs the demo's workload, in the environment that it lies in.

use std::path::Path;
use std::process::Command;

use scaler_wm_tests::{
    FEATURES, Failure, LATEST, Result, Script, Stack, StackOptions, Venv, build_wheel, manager_binary, write_papers,
};

const TASKS: u32 = 400;
const TASK_SECONDS: f64 = 0.1;

fn output(program: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).env_remove("VIRTUAL_ENV").output();
    let output = output.map_err(|error| Failure::new(format!("run {}", program.display()), error))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_wheel_in_a_fresh_environment_runs_the_workload_of_the_demo() -> Result<()> {
    let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder", error))?;
    let share = folder.path().join("share");
    write_papers(&manager_binary()?, &share)?;
    // The program that all tests run: cargo has it, and takes no time.
    let wheel = build_wheel(&["--profile", "dev", "--features", FEATURES], &[], &share, &folder.path().join("wheel"))?;
    let name = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
    assert!(name.starts_with("scaler_wm-") && name.contains("-py3-none-manylinux_"), "{name}");

    let stack = Stack::start(StackOptions::default())?;
    let environment = folder.path().join("fresh");
    let python = Venv::fresh(&environment, &[&wheel.to_string_lossy(), &format!("opengris-scaler[zmq]=={LATEST}")])?;
    let binary = environment.join("bin/scaler-wm");
    let version = output(&binary, &["--version"])?;
    assert_eq!(version, format!("scaler-wm {}\n", env!("CARGO_PKG_VERSION")));
    for paper in ["man/man1/scaler-wm.1", "bash-completion/completions/scaler-wm"] {
        assert!(environment.join("share").join(paper).is_file(), "{paper}");
    }

    // Neither is the environment active, nor is it on the path.
    let mut command = Command::new("env");
    command.args(["-u", "VIRTUAL_ENV", "PATH=/usr/bin:/bin"]).arg(&binary);
    command.args(["baremetal_native", &stack.address(), "-wmi", "wheel", "-mtc", "4", "-sdc", "3", "-wtqs", "8"]);
    command.arg("--state-dir").arg(folder.path().join("state"));
    let mut manager = stack.process("manager", &mut command)?;
    stack.until("the manager at the scheduler", 20.0, || stack.scheduler().manager_connected().then_some(()))?;
    let mut client = stack.client(&Script::Workload { tasks: TASKS, seconds: TASK_SECONDS })?;
    stack.until_connected(4, 30.0)?;
    let interpreter = python.to_string_lossy();
    let helper = stack.manager_processes().into_iter().find(|process| process.command.contains(&*interpreter));
    stack.check(helper.is_some(), "workers run by the environment's own interpreter", manager.log().tail(10))?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == u64::from(TASKS), "400 right results", format!("{finished:?}"))?;
    stack.until_connected(0, 20.0)?;
    manager.terminate();
    let status = manager.wait(20.0).map_err(|failure| stack.explain(failure))?;
    stack.check(status.success(), "the manager end with exit code 0", status)?;
    stack.until_nothing_left(5.0)
}
