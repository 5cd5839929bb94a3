//! Everything in one file, from start to end.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use scaler_wm_tests::{LATEST, OLDEST, Result, Script, Up, UpStack};

/// Managers that have workers soon, with queues so short that tasks wait for them.
const QUICK: &str = "heartbeat_interval_seconds = 1\nper_worker_task_queue_size = 8\n";

/// The first line of the answer to `GET /`.
fn answer(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// The parts in the order in which the status lines say that they have stopped.
fn stopped(up: &Up) -> Vec<String> {
    let lines = up.errors().lines_with(&["stopped"]);
    let part = |line: &String| Some(line.split_once(" s  ")?.1.strip_suffix("stopped")?.trim().to_owned());
    lines.iter().filter_map(part).collect()
}

/// Starts everything, runs a workload, stops everything.
fn from_start_to_end(release: &'static str, has_gui: bool) -> Result<()> {
    let stack = UpStack::new(release)?;
    let fixed_log = stack.folder().join("fixed.log");
    let fixed_log = fixed_log.display();
    let mut toml = stack.core_and(&stack.manager_section("dyn", 2, QUICK));
    let more = format!("{QUICK}mode = \"fixed\"\nlogging_paths = [\"{fixed_log}\"]\n");
    toml += &stack.manager_section("fix", 1, &more);
    if has_gui {
        toml += &stack.gui_section();
    }
    let mut up = stack.all_up(&toml, &[])?;

    let (ports, gui) = (stack.ports(), format!("http://127.0.0.1:{}", stack.gui_port()));
    let address = |port: u16| format!("tcp://127.0.0.1:{port}");
    let (fixed_log, scheduler) = (fixed_log.to_string(), address(ports.scheduler));
    let mut rows = vec![
        ["object_storage_server", &*address(ports.storage), "this output"].map(str::to_owned),
        ["scheduler", &scheduler, "this output"].map(str::to_owned),
        ["baremetal_native dyn", &scheduler, "this output"].map(str::to_owned),
        ["baremetal_native fix", &scheduler, &fixed_log].map(str::to_owned),
    ];
    if has_gui {
        rows.push(["gui", &gui, "this output"].map(str::to_owned));
    }
    for row in &rows {
        let words: Vec<&str> = row.iter().map(String::as_str).collect();
        stack.check(up.says(&words), "each part with address and log", format!("{row:?} is not there"))?;
    }
    if has_gui {
        let line = answer(stack.gui_port());
        let is_right = line.as_ref().is_ok_and(|line| line.starts_with("HTTP/1.1 200"));
        stack.check(is_right, "the GUI answer", format!("{line:?}"))?;
    }

    let mut client = stack.client(&Script::Workload { tasks: 60, seconds: 0.1 })?;
    // One worker alone would take 6 s.
    stack.until("workers of both managers", 20.0, || (up.scheduler().connected().len() >= 2).then_some(()))?;
    let finished = client.finish(30.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 60, "60 right results", format!("{finished:?}"))?;

    up.terminate();
    stack.until_ended(&mut up, 0, 15.0)?;
    let was_asked = !up.output().lines_with(&["object_storage_server", "stopped by user"]).is_empty();
    stack.check(was_asked, "the object storage end by itself when asked", up.output().tail(5))?;
    // Nothing was wrong: there is nothing to warn of.
    let warnings = up.output().lines_with(&["Z  WARN "]);
    stack.check(warnings.is_empty(), "no warning", format!("{warnings:?}"))?;
    let mut order = stopped(&up);
    let from = usize::from(has_gui);
    // Managers stop together.
    order.get_mut(from..from + 2).into_iter().for_each(<[String]>::sort);
    let wanted = ["gui", "baremetal_native dyn", "baremetal_native fix", "scheduler", "object_storage_server"];
    stack.check(order == wanted[usize::from(!has_gui)..], "all stop in the reverse order", format!("{order:?}"))
}

#[test]
fn everything_starts_works_and_stops_in_order() -> Result<()> {
    from_start_to_end(LATEST, true)
}

/// Its GUI needs packages that do not come with it.
#[test]
fn everything_starts_works_and_stops_in_order_with_the_oldest_release() -> Result<()> {
    from_start_to_end(OLDEST, false)
}

/// What is told as JSON lines says the same.
#[test]
fn the_status_can_be_json() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let toml = stack.core_and(&stack.manager_section("dyn", 1, ""));
    let mut up = stack.up(&toml, &["--log-format", "json"])?;
    stack.until_said(&mut up, &["\"all up\""], 30.0)?;
    up.interrupt();
    stack.until_ended(&mut up, 0, 15.0)?;
    let text = up.errors().text();
    let lines: std::result::Result<Vec<serde_json::Value>, _> = text.lines().map(serde_json::from_str).collect();
    let lines = match lines {
        Ok(lines) => lines,
        Err(error) => return stack.check(false, "JSON lines only", error),
    };
    let all_up = lines.iter().find(|line| line["event"] == "all up");
    let parts: Vec<&str> = all_up
        .and_then(|line| line["parts"].as_array())
        .into_iter()
        .flatten()
        .filter_map(|part| part["part"].as_str())
        .collect();
    let wanted = ["object_storage_server", "scheduler", "baremetal_native dyn"];
    stack.check(parts == wanted, "all parts named", format!("{parts:?}"))?;
    let stopped = lines.iter().filter(|line| line["event"] == "stopped").count();
    stack.check(stopped == wanted.len(), "all parts stopped", stopped)
}
