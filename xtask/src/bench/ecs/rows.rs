//! The rows of the table.

use super::{
    Measured,
    ramp::{Ramp, WANTED},
};
use crate::bench::{cases::median, sheet::Sheet};

/// The default interval between heartbeats, in seconds.
const HEARTBEAT: f64 = 2.0;

#[expect(clippy::cast_precision_loss, reason = "sizes of memory and counts are far below 2^52")]
pub(super) fn sheet(measured: &Measured) -> Sheet {
    let Measured { ours, released, adopted, binary } = measured;
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let middle = |figure: fn(&Ramp) -> f64| median(ours.iter().map(figure).collect());
    let most = |figure: fn(&Ramp) -> f64| ours.iter().map(figure).fold(0.0, f64::max);

    let mut sheet = Sheet::default();
    let took = (middle(|ramp| ramp.took), released.took);
    sheet.beside(
        "100 tasks at 250 ms a call, from the wish to the answer that brought the last",
        took,
        "s",
        ("at most 1/10 of Python's", took.0 <= took.1 / 10.0),
    );
    let heard = (middle(|ramp| ramp.heard), released.heard);
    sheet.beside(
        "100 tasks, from the heartbeat that carried the wish to the answer that brought the last",
        heard,
        "s",
        ("", true),
    );
    let tasks = (middle(|ramp| ramp.tasks as f64), released.tasks as f64);
    sheet.beside("tasks brought", tasks, "", ("100", ours.iter().all(|ramp| ramp.tasks == WANTED as usize)));
    let calls = (most(|ramp| ramp.calls as f64), released.calls as f64);
    sheet.beside("RunTask calls that AWS answered", calls, "", ("at most 10", calls.0 <= 10.0));
    let tries = (most(|ramp| ramp.tries as f64), released.tries as f64);
    sheet.beside("RunTask calls, retries among them", tries, "", ("", true));
    let silence = (most(|ramp| ramp.silence), released.silence);
    sheet.beside(
        "longest time without a heartbeat meanwhile, at an interval of 2 s",
        silence,
        "s",
        ("under 1.5 intervals", silence.0 < 1.5 * HEARTBEAT),
    );
    let memory = (most(|ramp| ramp.memory as f64 / 1e6), mb(released.memory));
    sheet.beside("resident memory of the manager with 100 tasks", memory, "MB", ("at most 20 MB", memory.0 <= 20.0));
    sheet.alone("release binary with `ecs`", mb(*binary), "MB", ("", true));

    let found = adopted.took;
    sheet.alone(
        "manager killed, until the next one knows its 1,000 tasks, at 50 ms a call (Python starts 1,000 more)",
        found,
        "s",
        ("under 5 s", found < 5.0),
    );
    let more = adopted.tasks.abs_diff(super::adopt::WANTED as usize) + adopted.launches;
    sheet.alone("tasks too many or too few then, and RunTask calls", more as f64, "", ("0", more == 0));
    sheet.alone("calls that list or describe, until it knew its 1,000 tasks", adopted.looks as f64, "", ("", true));
    let throttled = adopted.throttled;
    sheet.alone("calls throttled then, at 20 a second of either kind", throttled as f64, "", ("0", throttled == 0));
    sheet.alone(
        "longest time without a heartbeat then",
        adopted.silence,
        "s",
        ("under 1.5 intervals", adopted.silence < 1.5 * HEARTBEAT),
    );
    sheet.alone("resident memory of the manager with 1,000 tasks", mb(adopted.memory), "MB", ("", true));
    sheet
}
