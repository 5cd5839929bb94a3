//! Jobs that really run.

use scaler_wm_tests::{BUCKET, BatchOptions, Emulation, OBJECT_PREFIX, Object, Result, Runner};
use serde_json::{Value, json};

use crate::account::Account;

/// A task as job runners read it, in the oldest format of Python, which is text: `abs(-3)`.
const TASK: &str = "(dp0\nVfunction\np1\ncbuiltins\nabs\np2\nsVarguments\np3\n(lp4\nI-3\nas.";

/// The same in Base64.
const TASK_IN_BASE64: &str = "KGRwMApWZnVuY3Rpb24KcDEKY2J1aWx0aW5zCmFicwpwMgpzVmFyZ3VtZW50cwpwMwoobHA0CkktMwphcy4=";

/// What a task leaves of the number 3, as Python pickles it.
const THREE: u64 = 5;

fn parameters(more: &[(&str, &str)]) -> Value {
    let mut all = json!({"task_id": "task", "s3_bucket": BUCKET, "s3_prefix": OBJECT_PREFIX});
    for (name, value) in more {
        all[name] = (*value).into();
    }
    all
}

fn result_of(job: &str) -> Object {
    Object { bucket: BUCKET.to_owned(), key: format!("{OBJECT_PREFIX}/results/{job}.pkl"), size: THREE }
}

#[test]
fn the_released_job_runner_leaves_a_result() -> Result<()> {
    let account = Account::with(&BatchOptions::default())?;
    let emulator = &account.cloud.emulator;
    let inline = account.submit(Runner::Released, &parameters(&[("payload", TASK_IN_BASE64)]), &json!({}))?;
    for index in [0, 1] {
        account.client.s3("PUT", &format!("/{BUCKET}/inputs/{index}.pkl"), TASK)?.ok()?;
    }
    let array = parameters(&[("s3_key", "inputs/ARRAY_INDEX.pkl")]);
    let array = account.submit(Runner::Released, &array, &json!({"arrayProperties": {"size": 2}}))?;
    for job in [&inline, &array] {
        account.until(job, "SUCCEEDED")?;
    }
    let jobs = [inline, format!("{array}:0"), format!("{array}:1")];
    // The inputs were removed by the runner.
    let mut objects = emulator.objects()?;
    objects.sort_by(|one, other| one.key.cmp(&other.key));
    let mut expected: Vec<Object> = jobs.iter().map(|job| result_of(job)).collect();
    expected.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(objects, expected);
    assert!(emulator.live()?.is_empty() && emulator.processes().is_empty() && !emulator.nothing_left()?);
    Ok(())
}

#[test]
fn a_job_has_its_names_in_its_environment_and_its_lines_in_the_log() -> Result<()> {
    let account = Account::with(&BatchOptions::default())?;
    let print = "echo $AWS_BATCH_JOB_ID $AWS_BATCH_JOB_ATTEMPT $AWS_BATCH_JOB_ARRAY_INDEX $GIVEN; exit $GIVEN";
    let given = json!({"environment": [{"name": "GIVEN", "value": "3"}]});
    let size = json!({"size": 2});
    let parent = account.script(print, &json!({"arrayProperties": size, "containerOverrides": given}))?;
    account.until(&parent, "FAILED")?;
    for index in [0, 1] {
        let told = account.describe_one(&format!("{parent}:{index}"))?;
        let container = &told["container"];
        assert_eq!(container["exitCode"], 3, "{told}");
        let stream = json!({"logGroupName": "/aws/batch/job", "logStreamName": container["logStreamName"]});
        let events = account.client.logs("GetLogEvents", &stream)?.ok()?;
        assert_eq!(events["events"][0]["message"], format!("{parent}:{index} 1 {index} 3"), "{events}");
    }
    Ok(())
}

#[test]
fn jobs_wait_for_room_and_are_told_as_what_they_are() -> Result<()> {
    let account = Account::with(&BatchOptions { at_once: Some(1), ..BatchOptions::default() })?;
    let array = account.script("echo ready; sleep 600", &json!({"arrayProperties": {"size": 2}}))?;
    let (first, second) = (format!("{array}:0"), format!("{array}:1"));
    account.until_printed(&first, "ready")?;
    let told = account.describe(&[&array, &first, &second, "unknown"])?;
    let states: Vec<&Value> = told.iter().map(|job| &job["status"]).collect();
    assert_eq!(states, ["PENDING", "RUNNING", "RUNNABLE"]);
    let summary = &told[0]["arrayProperties"];
    assert_eq!((&summary["size"], &summary["statusSummary"]["RUNNABLE"]), (&json!(2), &json!(1)), "{summary}");
    assert_eq!(told[1]["arrayProperties"]["index"], 0);
    assert!(told[1]["container"]["logStreamName"].is_string() && told[1]["attempts"] == json!([]));
    assert!(told[2]["container"]["logStreamName"].is_null() && told[2]["container"]["exitCode"].is_null());
    account.cloud.emulator.set_at_once(None)?;
    account.until_printed(&second, "ready")?;
    account.terminate(&array)?;
    account.until(&array, "FAILED")?;
    account.cloud.until_nothing_left(10.0)
}

#[test]
fn a_job_takes_its_time_to_start_and_can_end_before_it_is_up() -> Result<()> {
    let account = Account::with(&BatchOptions { start_seconds: 1.0, ..BatchOptions::default() })?;
    let jobs = [account.script("echo up", &json!({}))?, account.script("echo up", &json!({}))?];
    let told = account.describe(&[&jobs[0], &jobs[1]])?;
    assert!(told.iter().all(|job| job["status"] == "STARTING"), "{told:?}");
    account.cancel(&jobs[0])?;
    account.terminate(&jobs[1])?;
    let ended = account.until(&jobs[1], "FAILED")?;
    assert_eq!((&*ended.status_reason, ended.exit_code), ("enough", None));
    assert!(!account.cloud.emulator.unit_log(&ended).path().exists());
    // What is starting is not cancelled.
    account.until(&jobs[0], "SUCCEEDED").map(|_| ())
}

#[test]
fn jobs_that_are_no_processes_end_at_once_or_run_on() -> Result<()> {
    for succeeds in [true, false] {
        let account = Account::with(&BatchOptions { executes: false, succeeds, ..BatchOptions::default() })?;
        let size = json!({"arrayProperties": {"size": 1000}});
        let array = account.submit(Runner::Released, &parameters(&[("payload", "x")]), &size)?;
        let running = account.cloud.running()?.len();
        if succeeds {
            account.until(&array, "SUCCEEDED")?;
            assert_eq!((running, account.cloud.emulator.objects()?.len()), (0, 1000));
        } else {
            assert_eq!((running, &*account.cloud.emulator.job(&array)?.status), (1000, "PENDING"));
            account.terminate(&array)?;
            account.cloud.until_nothing_left(10.0)?;
        }
    }
    Ok(())
}

#[test]
fn what_is_too_much_for_a_submission_is_refused() -> Result<()> {
    let account = Account::with(&BatchOptions { executes: false, ..BatchOptions::default() })?;
    let long = "x".repeat(30 * 1024);
    for (parameters, more) in [
        (json!({"payload": long}), json!({})),
        (json!({}), json!({"arrayProperties": {"size": 1}})),
        (json!({}), json!({"arrayProperties": {"size": 10_001}})),
        (json!({}), json!({"timeout": {"attemptDurationSeconds": 59}})),
        (json!({}), json!({"jobQueue": "another"})),
        (json!({}), json!({"jobDefinition": "another"})),
        (json!({}), json!({"jobName": "no name"})),
    ] {
        let answer = account.try_submit(Runner::Shell, &parameters, &more)?;
        assert_eq!((answer.status, answer.code.as_deref()), (400, Some("ClientException")), "{more}");
    }
    assert!(account.cloud.emulator.jobs()?.is_empty());
    Ok(())
}
