//! The rows of the table.

use super::{
    Runs,
    array::Array,
    calls::{Calls, TASKS},
};
use crate::bench::sheet::Sheet;

const NO_TARGET: (&str, bool) = ("", true);
/// What is put into the table by name.
const NAMED: [&str; 6] = ["PutObject", "SubmitJob", "DescribeJobs", "GetObject", "DeleteObjects", "DeleteObject"];
/// Calls that must be under way at once at some time, for them not to wait for each other.
const PARALLEL: f64 = 20.0;

#[expect(clippy::cast_precision_loss, reason = "sizes of memory and counts are far below 2^52")]
pub(super) fn sheet(ours: &Runs, released: &Runs, binary: u64) -> Sheet {
    let both = [ours, released];
    let mut sheet = Sheet::default();
    arrays(&mut sheet, &both);
    counts(&mut sheet, both.map(|runs| &runs.calls));
    for name in ["PutObject", "GetObject"] {
        let [most, of_python] = both.map(|runs| runs.late_calls.of(name).at_once as f64);
        let text = format!("100 quick tasks at 250 ms a call: the most {name} calls at once");
        sheet.beside(text, (most, of_python), "", ("at least 20", most >= PARALLEL));
    }
    let took = both.map(|runs| runs.late_calls.took);
    sheet.beside(
        "100 quick tasks at 250 ms a call: from the submission to the last result",
        took.into(),
        "s",
        NO_TARGET,
    );

    let mb = |bytes: u64| bytes as f64 / 1e6;
    let resident = both.map(|runs| mb(runs.held.resident));
    let target = ("at most 40 MB", resident[0] <= 40.0);
    sheet.beside("resident memory with 1,000 jobs out there (Python: of its worker)", resident.into(), "MB", target);
    let peak = both.map(|runs| mb(runs.held.peak));
    sheet.beside("most resident memory until 1,000 jobs are out there", peak.into(), "MB", NO_TARGET);
    let idle = both.map(|runs| mb(runs.held.idle));
    sheet.beside("resident memory before there were any jobs", idle.into(), "MB", NO_TARGET);
    let proportional = both.map(|runs| mb(runs.held.proportional));
    sheet.beside("proportional memory of the whole manager with 1,000 jobs", proportional.into(), "MB", NO_TARGET);
    sheet.alone("release binary with `batch`", mb(binary), "MB", NO_TARGET);
    sheet
}

fn arrays(sheet: &mut Sheet, both: &[&Runs; 2]) {
    let [quick, real]: [fn(&Runs) -> &Vec<Array>; 2] = [|runs| &runs.quick_arrays, |runs| &runs.arrays];
    for (what, of) in [("jobs that take no time", quick), ("released job runners", real)] {
        let of_both = |figure: fn(&Array) -> f64| both.map(|runs| mean(of(runs).iter().map(figure)));
        let [whole, rest, jobs] = [of_both(|array| array.took), of_both(Array::rest), of_both(|array| array.jobs)];
        let text = format!("20 tasks as an array, {what}: from the submission to the last result, less the jobs' time");
        sheet.beside(text, rest.into(), "s", ("at most 1/2 of Python's", rest[0] <= rest[1] / 2.0));
        let text = format!("20 tasks as an array, {what}: the jobs' time, from their submission to their last end");
        sheet.beside(text, jobs.into(), "s", NO_TARGET);
        sheet.beside(format!("20 tasks as an array, {what}: both together"), whole.into(), "s", NO_TARGET);
    }
}

/// What calls there were, by name.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn counts(sheet: &mut Sheet, both: [&Calls; 2]) {
    let all = TASKS as usize;
    for (name, target, most) in [
        ("PutObject", "at most 100", all),
        ("SubmitJob", "1", 1),
        ("DescribeJobs", "", usize::MAX),
        ("GetObject", "at most 100", all),
        ("DeleteObjects", "at most 10", 10),
        ("DeleteObject", "0", 0),
    ] {
        let [ours, released] = both.map(|calls| calls.of(name).calls);
        let text = format!("{name} calls for 100 tasks");
        sheet.beside(text, (ours as f64, released as f64), "", (target, ours <= most));
    }
    let keys = both[0].of("DeleteObjects").keys;
    sheet.alone("the most objects that one DeleteObjects deletes", keys as f64, "", NO_TARGET);
    let [ours, released] = both.map(|calls| calls.others(&NAMED));
    sheet.beside("other calls for 100 tasks", (ours as f64, released as f64), "", ("0", ours == 0));
}

#[expect(clippy::cast_precision_loss, reason = "a handful of runs")]
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}
