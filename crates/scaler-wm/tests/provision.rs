//! `aws_hpc provision` and its like, without AWS: help, what is wrong with a command line or a file, what is shown.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::{
    env, fs,
    path::Path,
    process::{Command, Output, Stdio},
};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scaler-wm"));
    command.arg("aws_hpc").args(arguments).current_dir(folder).stdin(Stdio::null());
    // Nobody answers there, should anything be asked.
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("HOME", folder);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Compares with a file in `tests/expected`; `UPDATE_EXPECTED=1` writes it instead.
fn expect(name: &str, said: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(name);
    if env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&file, said).unwrap();
    }
    let wanted = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(said, wanted, "{name} differs; UPDATE_EXPECTED=1 takes it over");
}

#[test]
fn help_is_as_recorded_and_fits_80_columns() {
    let folder = tempfile::tempdir().unwrap();
    for action in ["provision", "show", "cleanup", "build-image"] {
        let output = run(folder.path(), &[action, "--help"]);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let said = text(&output.stdout);
        let wide: Vec<&str> = said.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
        expect(&format!("aws_hpc_{action}.txt"), &said);
    }
}

#[test]
fn a_build_without_it_says_what_brings_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["show"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let is_told = said.contains("needs the feature `provision`; run `cargo install scaler-wm --features provision`");
    assert_eq!(is_told, cfg!(not(feature = "provision")), "{said}");
}

/// Every message with the command line that it answers.
#[cfg(feature = "provision")]
#[test]
fn what_is_wrong_is_said_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("of-another.json"), r#"{"aws_region": "eu-west-1", "prefix": "mine"}"#).unwrap();
    fs::write(folder.path().join("no-state.json"), "[1]").unwrap();
    fs::write(folder.path().join("later.json"), r#"{"aws_region": "x", "prefix": "p", "scaler_wm_form": 7}"#).unwrap();
    fs::write(folder.path().join("of-others.env"), "export SCALER_AWS_REGION=x\nTOKEN=secret\n").unwrap();
    let mut said = String::new();
    for arguments in [
        &["provision", "--vcpu", "x"][..],
        &["provision", "--vcpus", "0"],
        &["provision", "--max-vcpus", "99999999999"],
        &["provision", "--job-timeout", "soon"],
        &["provision", "--instance-types", ","],
        &["provision", "--prefix", "My_Prefix"],
        &["provision", "--prefix", "a-prefix-that-is-longer-than-a-bucket-name-allows"],
        &["provision", "--python-version", "python3"],
        &["provision", "--packages=--index-url=http://x"],
        &["provision", "--regoin", "x"],
        &["provision", "more"],
        &["provision", "--config", "of-another.json", "--prefix", "yours"],
        &["provision", "--config", "no-state.json"],
        &["provision", "--env-file", "of-others.env"],
        &["cleanup", "--config", "of-another.json", "--region", "us-east-1"],
        &["cleanup", "--config", "no-state.json"],
        &["cleanup", "--config", "later.json"],
        &["cleanup", "--json"],
        &["show"],
        &["show", "--config", "folder/none.json"],
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        said += &format!("$ scaler-wm aws_hpc {}\n{}\n", arguments.join(" "), text(&output.stderr));
    }
    expect("aws_hpc_messages.txt", &said);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "nothing was written");
}

/// A file of the released provisioner, with its flags given to a command that has no use for them.
#[cfg(feature = "provision")]
#[test]
fn what_was_made_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let state = r#"{
        "aws_region": "eu-west-1", "aws_account_id": "123456789012", "prefix": "mine", "compute_type": "EC2",
        "s3_bucket": "mine-123456789012-eu-west-1", "s3_prefix": "scaler-tasks",
        "iam_role_arn": "arn:aws:iam::123456789012:role/mine-job-role",
        "job_queue_arn": "arn:aws:batch:eu-west-1:123456789012:job-queue/mine-queue", "job_queue_name": "mine-queue",
        "job_definition_name": "mine-job", "container_image": "image", "vcpus": 1, "memory_mb": 1843,
        "instance_types": ["default_x86_64", "c7i"]
    }"#;
    fs::write(folder.path().join("state.json"), state).unwrap();
    let output = run(folder.path(), &["show", "--config", "state.json", "--vcpus", "2", "--image", "x"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    expect("aws_hpc_shown.txt", &text(&output.stdout));
    let output = run(folder.path(), &["show", "--config", "state.json", "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["job_queue_name"], "mine-queue");
    assert_eq!(shown["manager_policy"]["Statement"][0]["Action"], "batch:SubmitJob");
}

/// Where AWS is not there, nothing is written.
#[cfg(feature = "provision")]
#[test]
fn nothing_is_made_where_nobody_answers() {
    let folder = tempfile::tempdir().unwrap();
    for action in ["provision", "cleanup"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scaler-wm"));
        command.args(["aws_hpc", action]).current_dir(folder.path()).stdin(Stdio::null());
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("HOME", folder.path());
        command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "y").env_remove("AWS_PROFILE");
        let output = command.output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with("error: failed to ask AWS whose credentials these are"), "{said}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
