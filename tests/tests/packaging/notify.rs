//! systemd is told when all is ready, that it goes on, and that it ends.

use std::fs;

use scaler_wm_tests::{
    LATEST, ManagerKind, ManagerOptions, Notified, Proc, Result, Script, Stack, StackOptions, UpStack,
};

/// The names that only the manager itself is to have.
const OURS: [&str; 2] = ["NOTIFY_SOCKET=", "WATCHDOG_USEC="];

/// Whether a process has them in its environment.
fn could_notify(process: &Proc) -> bool {
    let environment = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
    let mut variables = environment.split(|byte| *byte == 0);
    variables.any(|variable| OURS.iter().any(|name| variable.starts_with(name.as_bytes())))
}

#[test]
fn a_manager_tells_when_it_is_ready_that_it_goes_on_and_that_it_ends() -> Result<()> {
    let mut stack = Stack::start(StackOptions::default())?;
    let mut told = Notified::new(stack.folder())?;
    stack.stop_scheduler()?;
    let options = ManagerOptions {
        kind: ManagerKind::Ours,
        environment: told.environment(2.0),
        cooldown: Some(1.0),
        extra: ["--stop-timeout-seconds", "60"].map(str::to_owned).into(),
        ..ManagerOptions::default()
    };
    let mut manager = stack.manager(&options)?;
    stack.until("the wait for the scheduler told", 20.0, || {
        (told.has("STATUS=the scheduler does not answer") && told.has("EXTEND_TIMEOUT_USEC=")).then_some(())
    })?;
    let is_early = told.has("READY=1");
    stack.check(!is_early, "it not ready without a scheduler", format!("{:?}", told.lines()))?;

    stack.start_scheduler()?;
    stack.until("it ready", 30.0, || told.has("READY=1").then_some(()))?;
    let client = stack.client(&Script::Held { tasks: 1 })?;
    stack.until("a running task", 20.0, || (client.starts().distinct() > 0).then_some(()))?;
    stack.until("a worker told of", 10.0, || told.has("STATUS=1 unit up, 1 wanted").then_some(()))?;
    let signs = told.count("WATCHDOG=1");
    stack.until("signs of life", 5.0, || (told.count("WATCHDOG=1") >= signs + 3).then_some(()))?;

    let processes = stack.manager_processes();
    let own = processes.iter().find(|process| process.pid == manager.pid());
    stack.check(own.is_some_and(could_notify), "the variables of the manager", "it has none")?;
    let others: Vec<&Proc> = processes.iter().filter(|process| process.pid != manager.pid()).collect();
    stack.check(others.len() >= 2, "a helper and a worker", others.len())?;
    let leaks: Vec<&&Proc> = others.iter().filter(|process| could_notify(process)).collect();
    stack.check(leaks.is_empty(), "nobody else able to notify", format!("{leaks:?}"))?;

    manager.terminate();
    stack.until("the end told", 5.0, || told.has("STOPPING=1").then_some(()))?;
    stack.until("more time asked for", 5.0, || {
        let lines = told.lines();
        let stopping = lines.iter().position(|line| line == "STOPPING=1")?;
        lines[stopping..].iter().any(|line| line.starts_with("EXTEND_TIMEOUT_USEC=")).then_some(())
    })?;
    stack.until("what is left told", 5.0, || told.has("STATUS=ending (asked to stop), 1 unit left").then_some(()))?;
    let signs = told.count("WATCHDOG=1");
    stack.until("signs of life until the end", 5.0, || (told.count("WATCHDOG=1") >= signs + 2).then_some(()))?;
    stack.check(manager.exited().is_none(), "it wait for what runs", "it has ended")?;
    let ready = told.count("READY=1");
    stack.check(ready == 1, "ready told once", format!("{:?}", told.lines()))
}

/// systemd restarts what shows no sign of life: a process that stands still shows none.
#[test]
fn a_manager_that_stands_still_shows_no_sign_of_life() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let mut told = Notified::new(stack.folder())?;
    let environment = told.environment(0.4);
    let manager =
        stack.manager(&ManagerOptions { kind: ManagerKind::Ours, environment, ..ManagerOptions::default() })?;
    stack.until("signs of life", 20.0, || (told.count("WATCHDOG=1") > 3).then_some(()))?;
    let send = |signal| {
        let pid = rustix::process::Pid::from_raw(manager.pid());
        pid.map_or(Ok(()), |pid| rustix::process::kill_process(pid, signal))
    };
    let failed = |error| scaler_wm_tests::Failure::new("signal the manager", error);
    send(rustix::process::Signal::STOP).map_err(failed)?;
    stack.until("it stand still", 5.0, || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", manager.pid())).ok()?;
        stat.rsplit(')').next()?.trim_start().starts_with('T').then_some(())
    })?;
    let signs = told.count("WATCHDOG=1");
    std::thread::sleep(std::time::Duration::from_millis(1_000));
    let later = told.count("WATCHDOG=1");
    stack.check(signs == later, "no sign of life", format!("{} came", later - signs))?;
    send(rustix::process::Signal::CONT).map_err(failed)?;
    stack.until("signs of life again", 5.0, || (told.count("WATCHDOG=1") > later).then_some(()))
}

#[test]
fn a_stack_is_ready_when_everything_is_up() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let mut told = Notified::new(stack.folder())?;
    let toml = stack.core_and(&stack.manager_section("one", 1, ""));
    let file = stack.write("stack.toml", &toml)?;
    let mut command = std::process::Command::new(scaler_wm_tests::manager_binary()?);
    command.arg("up").arg(file).arg("--python").arg(stack.venv().python()).envs(told.environment(2.0));
    let mut up = stack.start(&mut command)?;
    stack.until("it ready", 30.0, || told.has("READY=1").then_some(()))?;
    stack.until_up(&mut up)?;
    stack.until("its state told", 5.0, || told.has("STATUS=0 units up").then_some(()))?;
    let leaks: Vec<Proc> =
        stack.processes().into_iter().filter(|process| process.pid != up.pid() && could_notify(process)).collect();
    stack.check(leaks.is_empty(), "nobody else able to notify", format!("{leaks:?}"))?;
    up.terminate();
    stack.until("the end told", 5.0, || told.has("STOPPING=1").then_some(()))?;
    stack.until_ended(&mut up, 0, 20.0)
}
