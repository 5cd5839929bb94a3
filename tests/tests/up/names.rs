//! Under the names of the released commands it does what their documentation says.

use std::os::unix::fs::symlink;
use std::process::Command;

use scaler_wm_tests::{Failure, LATEST, Result, Script, UpStack, manager_binary};

/// The program under another name.
fn called(stack: &UpStack, name: &str) -> Result<Command> {
    let failed = |error| Failure::new("make a folder with links", error);
    let folder = stack.folder().join("bin");
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let link = folder.join(name);
    if !link.exists() {
        symlink(manager_binary()?, &link).map_err(failed)?;
    }
    Ok(Command::new(link))
}

/// A whole stack by `scaler FILE`, and a manager for it by `scaler_worker_manager`, twice: with flags, and with a file.
#[test]
fn the_released_command_lines_work() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let file = stack.write("core.toml", &stack.core_and("[colours]\nred = 1\n"))?;
    let mut up = stack.start(called(&stack, "scaler")?.arg(&file))?;
    stack.until_up(&mut up)?;
    stack.check(up.says(&["core.toml:", "colours"]), "the unknown section warned of", up.errors().tail(10))?;
    let lines = up.output().text();
    let prefixed = lines.lines().find(|line| line.starts_with("scheduler") || line.starts_with("object_storage"));
    stack.check(prefixed.is_none(), "lines without a prefix", format!("{prefixed:?}"))?;
    stack.check(!up.output().lines_with(&["INFO scaler["]).is_empty(), "the scheduler's lines", &lines)?;

    let address = stack.address();
    let by_flags = ["baremetal_native", &address, "--worker-manager-id", "x", "--max-task-concurrency", "2"];
    let file = stack.write("manager.toml", &stack.manager_section("y", 2, "colour = \"red\"\n"))?;
    let file = file.to_string_lossy();
    let by_file = ["-c", &file, "baremetal_native"];
    for (id, arguments) in [("x", &by_flags[..]), ("y", &by_file[..])] {
        let mut manager = stack.start(called(&stack, "scaler_worker_manager")?.args(arguments))?;
        let connected = format!("WorkerManager b'{id}' connected");
        stack.until("the manager at the scheduler", 20.0, || {
            (!up.output().lines_with(&[&connected]).is_empty()).then_some(())
        })?;
        let mut client = stack.client(&Script::Workload { tasks: 20, seconds: 0.01 })?;
        let finished = client.finish(30.0).map_err(|failure| stack.explain(failure))?;
        stack.check(finished.right, "right results", format!("{finished:?}"))?;
        let warns = manager.says(&["manager.toml:", "colour"]) || !manager.output().lines_with(&["colour"]).is_empty();
        stack.check(warns == (id == "y"), "the unknown key warned of", manager.errors().tail(10))?;
        manager.terminate();
        let status = stack.until("the manager's end", 12.0, || manager.exited())?;
        stack.check(status.code() == Some(0), "exit code 0", status)?;
    }
    up.terminate();
    stack.until_ended(&mut up, 0, 15.0)
}
