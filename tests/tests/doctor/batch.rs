//! Jobs of Batch, and their objects.

use std::collections::BTreeSet;

use scaler_wm_tests::{
    BUCKET, BatchOptions, BatchStack, BatchStackOptions, OBJECT_PREFIX, QUEUE, Result, Runner, Script, StackOptions,
};
use serde_json::json;

use crate::planted::{clear_socket, is_refused, options, states};

const RANDOM: &str = "0123456789abcdef0123456789abcdef";

/// Submits a job behind every manager's back.
fn submit(batch: &BatchStack, name: &str) -> Result<()> {
    let job = json!({"jobName": name, "jobQueue": QUEUE, "jobDefinition": Runner::Released.definition()});
    batch.cloud.emulator.client().batch("SubmitJob", &job)?.ok().map(|_| ())
}

/// Puts an object behind every manager's back; its key.
fn put(batch: &BatchStack, key: &str) -> Result<String> {
    let key = format!("{OBJECT_PREFIX}/{key}");
    batch.cloud.emulator.client().s3("PUT", &format!("/{BUCKET}/{key}"), "x")?.ok()?;
    Ok(key)
}

#[test]
fn everything_that_a_killed_manager_leaves_is_found_and_deleted() -> Result<()> {
    // Jobs that run on and on.
    let emulator = BatchOptions { executes: false, succeeds: false, ..BatchOptions::default() };
    let batch = BatchStack::start(BatchStackOptions { emulator, stack: StackOptions::default() })?;
    let ours = options("wm1", &[]);
    let mut killed = batch.connected_manager(&ours)?;
    let _client = batch.client(&Script::Held { tasks: 3 })?;
    batch.until("three jobs", 30.0, || (batch.cloud.running().ok()?.len() == 3).then_some(()))?;
    killed.kill();
    clear_socket(&batch.stack, "wm1");

    let known: BTreeSet<String> = batch.cloud.emulator.jobs()?.into_iter().map(|job| job.name).collect();
    let (lost, other, spent) =
        (format!("scaler-wm1-{RANDOM}"), format!("scaler-wm1-b-{RANDOM}"), RANDOM.replace('0', "f"));
    let spent = format!("scaler-wm1-{spent}");
    submit(&batch, &lost)?;
    submit(&batch, &other)?;
    submit(&batch, "scaler-wm1-nightly")?;
    put(&batch, &format!("inputs/{spent}.pkl.gz"))?;
    put(&batch, &format!("array/{spent}/7.pkl.gz"))?;
    let kept = [put(&batch, &format!("inputs/{other}.pkl.gz"))?, put(&batch, "results/some-id.pkl")?];

    let report = batch.doctor(&ours, &["--json"])?;
    let mut found = report.found()?;
    // Of those on record some have objects under the same name.
    let objects: Vec<&String> = found.keys().filter(|name| **name == spent).collect();
    batch.check(objects.len() == 1, "objects that nobody needs", format!("{report:?}"))?;
    for name in &known {
        let state = found.remove(name);
        batch.check(state.is_some(), "each job on record", format!("{name}: {report:?}"))?;
    }
    let json = report.json()?;
    let findings = json["managers"][0]["findings"].as_array().cloned().unwrap_or_default();
    let jobs = findings.iter().filter(|finding| finding["thing"]["role"] == "task" && finding["state"] == "waiting");
    batch.check(jobs.count() == known.len(), "jobs that wait", format!("{report:?}"))?;
    let launches = findings.iter().filter(|finding| finding["launch"].is_object());
    let launches: Vec<&str> = launches.filter_map(|finding| finding["launch"]["id"].as_str()).collect();
    found.retain(|name, _| !launches.contains(&&**name));
    let wanted = states([(&*lost, "unmanaged"), (&spent, "unused")]);
    batch.check(found == wanted && report.code == Some(1), "each of the others", format!("{found:?}"))?;
    let refused = batch.doctor(&ours, &["--delete"])?;
    batch.check(is_refused(&refused), "a refusal", format!("{refused:?}"))?;

    let report = batch.doctor(&ours, &["--delete", "--yes", "--json"])?;
    batch.check(report.code == Some(0) && report.found()?.is_empty(), "a good end", format!("{report:?}"))?;
    let left: BTreeSet<String> = batch.cloud.units()?.into_iter().map(|job| job.name).collect();
    let others = BTreeSet::from([other, "scaler-wm1-nightly".to_owned()]);
    batch.check(left == others, "everybody else's jobs", format!("{left:?} instead of {others:?}"))?;
    let left: BTreeSet<String> = batch.cloud.emulator.objects()?.into_iter().map(|object| object.key).collect();
    batch.check(left == BTreeSet::from(kept), "everybody else's objects", format!("{left:?}"))
}
