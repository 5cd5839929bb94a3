//! What the control plane costs.

use std::{path::Path, thread, time::Duration};

use scaler_wm_tests::{Failure, ManagerKind, ManagerOptions, Result, Stack, StackOptions, cpu_time, memory_of};

use super::{cases::median, sheet::Sheet, small::example};
use crate::shell;

/// Managers of each kind that are measured, by turns.
const RUNS: usize = 5;
/// So long after its first heartbeat a manager is at rest.
const AT_REST: Duration = Duration::from_secs(5);
/// For so long its processor time is taken.
const IDLE: Duration = Duration::from_secs(20);

/// A manager at rest.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// In bytes.
    resident: f64,
    /// Milliseconds of processor time per second.
    cpu: f64,
}

pub(crate) fn measure() -> Result<Sheet> {
    let binary = shell::build_binary(&["--release"])?;
    let stack = Stack::start(StackOptions::default())?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        without.push(at_rest(&stack, &binary, &format!("without{run}"), &["--control-socket", "none"])?);
        with.push(at_rest(&stack, &binary, &format!("with{run}"), &[])?);
    }
    eprintln!("with: {with:.1?}\nwithout: {without:.1?}");
    let (with, without) = (middle(&with), middle(&without));
    eprintln!("calls over the socket, 10,000 units");
    let text = example("scaler-wm-control", "latency")?;
    let figure = |name: &str| -> Result<f64> {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        found.ok_or_else(|| Failure::new("read the latencies", format!("no {name} in {text}")))
    };

    let mut sheet = Sheet::default();
    let mb = |bytes: f64| bytes / 1e6;
    let all = mb(with.resident);
    sheet.alone("resident memory of the default build at rest, control plane on", all, "MB", ("8 MB", all <= 8.0));
    let added = mb(with.resident - without.resident);
    sheet.alone("memory that the control plane adds", added, "MB", ("at most 3 MB", added <= 3.0));
    let added = with.cpu - without.cpu;
    sheet.alone("processor time that it adds when idle", added, "ms/s", ("at most 1 ms/s", added <= 1.0));
    let status = figure("get_status_ms")?;
    sheet.alone("GetStatus with 10,000 units", status, "ms", ("under 5 ms", status < 5.0));
    let list = figure("list_units_ms")?;
    sheet.alone("ListUnits, all 10,000 of them", list, "ms", ("", true));
    let first = figure("first_event_ms")?;
    sheet.alone("from an event to a watcher that has it", first, "ms", ("under 10 ms", first < 10.0));
    Ok(sheet)
}

fn at_rest(stack: &Stack, binary: &Path, id: &str, extra: &[&str]) -> Result<Cost> {
    let manager = stack.connected_manager(&ManagerOptions {
        kind: ManagerKind::Ours,
        binary: Some(binary.to_owned()),
        id: id.to_owned(),
        log_name: id.to_owned(),
        extra: extra.iter().map(ToString::to_string).collect(),
        ..ManagerOptions::default()
    })?;
    thread::sleep(AT_REST);
    let before = cpu_time(manager.pid());
    thread::sleep(IDLE);
    let cpu = (cpu_time(manager.pid()) - before).as_secs_f64() * 1000.0 / IDLE.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
    let resident = memory_of(manager.pid()).resident as f64;
    Ok(Cost { resident, cpu })
}

fn middle(costs: &[Cost]) -> Cost {
    let of = |figure: fn(&Cost) -> f64| median(costs.iter().map(figure).collect());
    Cost { resident: of(|cost| cost.resident), cpu: of(|cost| cost.cpu) }
}
