//! Jobs of Batch.

use scaler_wm_tests::{ApiError, BUCKET, BatchOptions, BatchStack, BatchStackOptions, Faults, QUEUE, Result};
use serde_json::json;

use crate::setup::{mend, nothing_changed, plant, told};

fn start(is_set_up: bool) -> Result<BatchStack> {
    let emulator = BatchOptions { executes: false, is_set_up, ..BatchOptions::default() };
    BatchStack::start(BatchStackOptions { emulator, ..BatchStackOptions::default() })
}

#[test]
fn all_is_good_and_nothing_is_submitted() -> Result<()> {
    let batch = start(true)?;
    let looked = batch.preflight(&told(&[]))?;
    looked.is_good(&[
        "credentials",
        "job queue",
        "compute environments",
        "job definition",
        "bucket",
        "permission batch:ListJobs",
    ])?;
    looked.says("permission batch:SubmitJob", "skipped", &["no dry run"])?;
    nothing_changed(&batch)
}

#[test]
fn whatever_is_named_and_not_there_is_found() -> Result<()> {
    let batch = start(true)?;
    for (flag, name, words) in [
        ("--job-queue", "job queue", ["`nobodys` is not there", "provision"]),
        ("--job-definition", "job definition", ["no active `nobodys`", "provision"]),
        ("--s3-bucket", "bucket", ["nobodys is not there", "--s3-bucket"]),
    ] {
        batch.preflight(&told(&[flag, "nobodys"]))?.has_failed(name, &words)?;
    }
    let gone = ["--job-definition", "scaler-job:77"];
    batch.preflight(&told(&gone))?.has_failed("job definition", &["no active `scaler-job:77`"])?;
    nothing_changed(&batch)
}

#[test]
fn what_takes_no_jobs_is_found() -> Result<()> {
    let batch = start(true)?;
    let client = batch.cloud.emulator.client();
    let queue =
        |state: &str| client.batch("UpdateJobQueue", &json!({"jobQueue": QUEUE, "state": state}))?.ok().map(|_| ());
    queue("DISABLED")?;
    batch.preflight(&told(&[]))?.has_failed("job queue", &["disabled", "update-job-queue", QUEUE])?;
    queue("ENABLED")?;
    let environment = json!({"computeEnvironment": "scaler-environment", "state": "DISABLED"});
    client.batch("UpdateComputeEnvironment", &environment)?.ok()?;
    batch.preflight(&told(&[]))?.has_failed("compute environments", &["scaler-environment", "enable"])?;
    let exact = ["--job-definition", "scaler-job:1"];
    client.batch("DeregisterJobDefinition", &json!({"jobDefinition": "scaler-job:1"}))?.ok()?;
    let looked = batch.preflight(&told(&exact))?;
    looked.says("job definition", "failed", &["no active `scaler-job:1`"])?;
    nothing_changed(&batch)
}

#[test]
fn who_we_are_and_what_we_may_is_found() -> Result<()> {
    let batch = start(true)?;
    let denied = |operation: &str| ApiError::new("AccessDeniedException", "not authorized").on(operation).status(403);
    for (operation, name, permission) in [
        ("DescribeJobQueues", "job queue", "allow batch:DescribeJobQueues"),
        ("DescribeJobDefinitions", "job definition", "allow batch:DescribeJobDefinitions"),
        ("ListJobs", "permission batch:ListJobs", "allow batch:ListJobs"),
        ("HeadBucket", "bucket", "allow s3:ListBucket"),
    ] {
        plant(&batch, denied(operation));
        batch.preflight(&told(&[]))?.has_failed(name, &[permission])?;
    }
    plant(
        &batch,
        ApiError::new("UnrecognizedClientException", "The security token is invalid").on("DescribeJobQueues"),
    );
    batch.preflight(&told(&[]))?.has_failed("account", &["security token", "--aws-profile"])?;
    batch.cloud.proxy.set_faults(Faults { down: vec!["s3".to_owned()], ..Faults::default() });
    batch.preflight(&told(&[]))?.has_failed("bucket", &["the way to AWS"])?;
    mend(&batch);
    batch.preflight(&told(&[]))?.says("bucket", "ok", &[BUCKET])?;
    nothing_changed(&batch)
}
