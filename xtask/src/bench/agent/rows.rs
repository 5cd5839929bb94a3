//! The table.

use super::{
    Measured, Pair,
    throughput::{Round, TASKS},
};
use crate::bench::{cases::median, sheet::Sheet};

const NO_TARGET: (&str, bool) = ("", true);

#[expect(clippy::cast_precision_loss, reason = "sizes of memory are far below 2^52")]
pub(super) fn sheet(measured: &Measured) -> Sheet {
    let Measured { whole, backlog, alone, held, written, latency } = measured;
    let mut sheet = Sheet::default();
    let three_times = |(ours, released): (f64, f64)| ("at least 3 times Python's", ours >= released * 3.0);

    let rate = medians(alone, Round::rate);
    sheet.beside("tasks per second, by a scheduler that costs next to nothing", rate, "/s", three_times(rate));
    let rate = medians(whole, Round::rate);
    // No worker is three times as quick here: scheduler and client do not come to it, as the rows below say.
    sheet.beside("tasks per second, released scheduler and client", rate, "/s", NO_TARGET);
    let rate = medians(backlog, Round::rate);
    sheet.beside(
        "tasks per second, released scheduler, from a backlog that waits when the worker comes",
        rate,
        "/s",
        three_times(rate),
    );
    let milliseconds = |seconds: f64| seconds * 1e3 / f64::from(TASKS);
    let worker = medians(whole, |round| milliseconds(round.worker));
    sheet.beside("processor time of the worker per task, released scheduler and client", worker, "ms", NO_TARGET);
    let scheduler = medians(whole, |round| milliseconds(round.scheduler));
    sheet.beside("processor time of the released scheduler per task", scheduler, "ms", NO_TARGET);
    let client = medians(whole, |round| milliseconds(round.client));
    sheet.beside("processor time of the released client per task", client, "ms", NO_TARGET);
    // Each of the two is one thread of Python, more or less: no worker makes it quicker.
    let most = 1e3 / scheduler.0.max(client.0);
    sheet.alone("tasks per second that scheduler and client allow at the most, a core each", most, "/s", NO_TARGET);

    let mb = |bytes: u64| bytes as f64 / 1e6;
    let resident = (mb(held.ours.resident), mb(held.released.resident));
    let target = ("under 60 MB", resident.0 < 60.0);
    sheet.beside("resident memory with 10,000 queued tasks, 1 KiB each", resident, "MB", target);
    let proportional = (mb(held.ours.proportional), mb(held.released.proportional));
    let target = ("under 60 MB", proportional.0 < 60.0);
    sheet.beside("proportional memory with 10,000 queued tasks, 1 KiB each", proportional, "MB", target);
    let peak = (mb(held.ours.peak), mb(held.released.peak));
    sheet.beside("most resident memory until 10,000 queued tasks are done", peak, "MB", NO_TARGET);

    sheet.alone("payload of 1 KiB written", written.short, "ns", ("under 1 µs", written.short < 1000.0));
    let speed = |nanoseconds: f64| written.bytes / nanoseconds;
    sheet.alone("payload of 20 MiB written", written.long / 1e6, "ms", NO_TARGET);
    sheet.alone("payload of 20 MiB written, as a speed", speed(written.long), "GB/s", NO_TARGET);
    sheet.alone("speed of a plain copy", speed(written.copy), "GB/s", NO_TARGET);
    sheet.alone("20 MiB: payload to plain copy, time", written.long / written.copy, "times", NO_TARGET);

    let milliseconds = |microseconds: f64| microseconds / 1e3;
    let p99 = milliseconds(latency.ended.p99);
    let target = ("under 5 ms", p99 < 5.0);
    for (what, of, target) in [
        ("end of a task until its result is announced, 1,000 others running", &latency.ended, target),
        ("an object stored without the agent", &latency.stored, NO_TARGET),
    ] {
        sheet.alone(format!("{what}: p99"), milliseconds(of.p99), "ms", target);
        sheet.alone(format!("{what}: median"), milliseconds(of.p50), "ms", NO_TARGET);
        sheet.alone(format!("{what}: longest"), milliseconds(of.most), "ms", NO_TARGET);
    }
    sheet
}

fn medians(rounds: &Pair<Vec<Round>>, figure: impl Fn(&Round) -> f64) -> (f64, f64) {
    let of = |rounds: &Vec<Round>| median(rounds.iter().map(&figure).collect());
    (of(&rounds.ours), of(&rounds.released))
}
