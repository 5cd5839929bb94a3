//! The rows of the table.

use std::collections::BTreeMap;

use super::{
    Runs,
    fleet::{Cost, Fleet},
    started::Started,
};
use crate::bench::{cases::median, sheet::Sheet};

#[expect(clippy::cast_precision_loss, reason = "sizes of memory and counts are far below 2^52")]
pub(super) fn sheet(ours: &Runs, released: &Runs, binary: u64) -> Sheet {
    let mut sheet = Sheet::default();
    let [create, terminate]: [fn(&Fleet) -> &Cost; 2] = [|fleet| &fleet.create, |fleet| &fleet.terminate];
    for (what, done, of, (target, most)) in [
        ("create 100 instances", "are there", create, ("at most 3", 3)),
        ("terminate 100 instances", "are gone", terminate, ("at most 2", 2)),
    ] {
        let dearest = |runs: &Runs| runs.fleets.iter().map(of).max_by_key(|cost| cost.count()).cloned();
        let both = [dearest(ours), dearest(released)].map(Option::unwrap_or_default);
        let [ours, released] = both.each_ref().map(Cost::count);
        let [by_name, of_python] = both.each_ref().map(|cost| named(&cost.calls));
        sheet.note(format!("Calls of EC2 to {what}: {by_name}; Python: {of_python}."));
        let text = format!("calls to {what}, looks aside");
        sheet.beside(text, (ours as f64, released as f64), "", (target, ours <= most));
        let [ours, released] = both.each_ref().map(|cost| cost.looks as f64);
        let text = format!("looks (DescribeInstances) until it is known that these {done}");
        sheet.beside(text, (ours, released), "", ("", true));
    }
    let [took, heard]: [fn(&Started) -> f64; 2] = [|started| started.took, |started| started.heard];
    let both = [ours, released].map(|runs| spread(runs.starts.iter().map(took)));
    let [(middle, range), (of_python, range_of_python)] = both;
    sheet.beside(
        "20 instances at 250 ms a call, from the wish until known as started",
        (middle, of_python),
        "s",
        ("at most 1/2 of Python's", middle <= of_python / 2.0),
    );
    sheet.note(format!(
        "20 instances of EC2, from the wish until known as started: {range}; Python: {range_of_python}."
    ));
    let [ours_heard, released_heard] = [ours, released].map(|runs| spread(runs.starts.iter().map(heard)).0);
    sheet.beside(
        "20 instances, from the heartbeat that carried the wish until known as started",
        (ours_heard, released_heard),
        "s",
        ("", true),
    );
    let most = |runs: &Runs, of: fn(&Fleet) -> u64| runs.fleets.iter().map(of).max().unwrap_or(0) as f64 / 1e6;
    let resident = [ours, released].map(|runs| most(runs, |fleet| fleet.memory.resident));
    sheet.beside(
        "resident memory of the manager with 100 instances",
        resident.into(),
        "MB",
        ("at most 20 MB", resident[0] <= 20.0),
    );
    let peak = [ours, released].map(|runs| most(runs, |fleet| fleet.memory.peak));
    sheet.beside("most resident memory of the manager until it has 100 instances", peak.into(), "MB", ("", true));
    sheet.alone("release binary with `ec2`", binary as f64 / 1e6, "MB", ("", true));
    sheet
}

/// Calls by name: `RunInstances 1, CreateTags 2`.
fn named(calls: &BTreeMap<String, usize>) -> String {
    let calls: Vec<String> = calls.iter().map(|(name, count)| format!("{name} {count}")).collect();
    calls.join(", ")
}

/// The median, and the range in words.
fn spread(values: impl Iterator<Item = f64>) -> (f64, String) {
    let values: Vec<f64> = values.collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    (median(values), format!("{least:.2} to {most:.2} s"))
}
