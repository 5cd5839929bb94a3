//! Signals to `up`.

use scaler_wm_tests::{LATEST, Result, Script, UpStack};

#[test]
fn sigterm_ends_it_while_it_starts() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let toml = stack.core_and(&stack.manager_section("fix", 1, "mode = \"fixed\"\n")) + &*stack.gui_section();
    for words in [["object_storage_server", "starting"], ["scheduler", "starting"], ["scheduler", "up after"]] {
        let mut up = stack.up(&toml, &[])?;
        stack.until_said(&mut up, &words, 20.0)?;
        up.terminate();
        stack.until_ended(&mut up, 0, 15.0)?;
        stack.check(!up.says(&["error"]), "no error", up.errors().tail(10))?;
    }
    Ok(())
}

/// A second signal ends it at once, whatever still runs.
#[test]
fn a_second_signal_ends_it_at_once() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let toml = stack.core_and(&stack.manager_section("dyn", 2, "heartbeat_interval_seconds = 1\n"));
    let mut up = stack.all_up(&toml, &["--stop-timeout-seconds", "60"])?;
    let client = stack.client(&Script::Held { tasks: 2 })?;
    stack.until("a running task", 20.0, || (client.starts().distinct() > 0).then_some(()))?;
    up.terminate();
    stack.until_said(&mut up, &["stopping everything"], 5.0)?;
    // One that comes within 10 ms counts as the same order, given twice.
    let status = stack.until("the end at a second signal", 2.0, || {
        up.terminate();
        up.exited()
    })?;
    stack.check(status.code() == Some(130), "exit code 130", status)?;
    let is_said = up.says(&["error:", "second signal", "cut off", "NAT|", "scheduler", "object_storage_server"]);
    stack.check(is_said, "it say what was cut off", up.errors().tail(5))?;
    stack.until_nothing_left(5.0)
}
