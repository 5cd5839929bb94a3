//! What the program says of files and flags that are wrong, and of those that are right: never what a secret is.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use scaler_wm_tests::{Failure, Result, manager_binary};

use crate::{planted::Planted, search::found};

/// What it says; nothing is started, and nobody is asked.
fn said(folder: &Path, words: &[&str], environment: &[(&str, &str)]) -> Result<String> {
    let mut command = Command::new(manager_binary()?);
    command.args(words).current_dir(folder).stdin(Stdio::null()).env("HOME", folder).envs(environment.iter().copied());
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
    let output = command.output().map_err(|error| Failure::new("run scaler-wm", error))?;
    Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn shows_none(planted: &Planted, said: &str, of: &str) {
    assert!(found(planted, said.as_bytes()).is_empty(), "{of}: {said}");
    assert!(!said.is_empty(), "{of}");
}

const ECS: &str =
    "[[worker_manager]]\ntype = \"aws_raw_ecs\"\nscheduler_address = \"tcp://h:1\"\necs_subnets = \"s\"\n";

#[test]
fn a_file_that_is_wrong_is_told_without_what_is_in_it() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut planted = Planted::default();
    let key = planted.plant("secret key");
    let name = "aws_secret_access_key";
    for (line, words) in [
        (format!("{name} = {key}"), "it is no TOML"),
        (format!("{name} = \"{key}"), "it is no TOML"),
        (format!("{name} = \"\\q{key}\""), "it is no TOML"),
        (format!("{name} = [\"{key}\"]"), "must be a text"),
        (format!("{name} = {{ a = \"{key}\" }}"), "must be a text"),
        (format!("{name} = \"\\u0000{key}\""), "a NUL"),
        (format!("{name} = \"{key}\"\n{name} = \"{key}\""), "duplicate"),
        (format!("aws_secret_acess_key = \"{key}\""), "did you mean"),
        (format!("{name} = \"{key}\""), "comes with aws_access_key_id"),
        (format!("security_password = \"{key}\""), "no such key"),
    ] {
        fs::write(folder.path().join("f.toml"), format!("{ECS}{line}\n")).expect("a file");
        for command in [&["config", "show", "f.toml"][..], &["aws_raw_ecs", "-c", "f.toml", "--state-dir", "s"]] {
            let said = said(folder.path(), command, &[])?;
            assert!(said.contains(words), "{line}: {said}");
            shows_none(&planted, &said, &line);
        }
    }
    Ok(())
}

#[test]
fn flags_that_are_wrong_are_told_without_their_values() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut planted = Planted::default();
    let key = planted.plant("secret key");
    let ecs = ["aws_raw_ecs", "tcp://h:1", "--ecs-subnets", "s", "--state-dir", "s"];
    let orb = ["orb_aws_ec2", "tcp://h:1", "--state-dir", "s"];
    let symphony = ["symphony", "tcp://h:1", "-sn", "s", "--state-dir", "s"];
    for (command, flag) in [
        (&ecs[..], "--aws-secret-acces-key"),
        (&ecs, "--aws_secret_access_key"),
        (&ecs, "-aws-secret-access-key"),
        (&ecs, "--aws-secret-access-key"),
        (&orb, "--orb-tokn"),
        (&orb, "--orb-token"),
        (&symphony, "--security-password"),
        (&symphony, "--security-pasword"),
    ] {
        for words in [vec![flag.to_owned(), key.clone()], vec![format!("{flag}={key}")]] {
            let words: Vec<&str> = command.iter().copied().chain(words.iter().map(String::as_str)).collect();
            let said = said(folder.path(), &words, &[])?;
            assert!(said.contains("error: "), "{said}");
            shows_none(&planted, &said, flag);
        }
    }
    Ok(())
}

#[test]
fn what_would_run_is_shown_without_secrets() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut planted = Planted::default();
    let [key, orb, password, pull] =
        ["secret key", "orb token", "password", "pull password"].map(|name| planted.plant(name));
    let id = planted.plant_key_id();
    let text = format!(
        "{ECS}aws_access_key_id = \"{id}\"\naws_secret_access_key = \"{key}\"\n\
         [[worker_manager]]\ntype = \"orb_aws_ec2\"\nscheduler_address = \"tcp://h:1\"\norb_url = \"http://h:1\"\n\
         orb_template_id = \"t\"\norb_token = \"{orb}\"\n\
         [[worker_manager]]\ntype = \"symphony\"\nscheduler_address = \"tcp://h:1\"\nservice_name = \"s\"\n\
         security_password = \"{password}\"\n"
    );
    fs::write(folder.path().join("f.toml"), text).expect("a file");
    let environment = [("OCI_IMAGE_PULL_PASSWORD", &*pull), ("SCALER_WM_SYMPHONY_PASSWORD", &*password)];
    let shown = said(folder.path(), &["config", "show", "f.toml"], &environment)?;
    assert_eq!(shown.matches("(hidden)").count(), 4, "{shown}");
    shows_none(&planted, &shown, "config show");
    for kind in ["aws_raw_ecs", "orb_aws_ec2", "symphony", "oci_hpc"] {
        let text = said(folder.path(), &["config", "init", kind], &environment)?;
        shows_none(&planted, &text, kind);
    }
    Ok(())
}

/// Nobody is reached: where credentials come from is looked at all the same.
#[test]
fn sources_of_credentials_that_are_wrong_are_told_without_what_they_hold() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut planted = Planted::default();
    let (id, key, token) = (planted.plant_key_id(), planted.plant("secret key"), planted.plant("session token"));
    let argument = planted.plant("argument of a program");
    let give = folder.path().join("give");
    fs::write(
        &give,
        format!("{{\"Version\": 1, \"AccessKeyId\": \"{id}\", \"SecretAccessKey\": {key}, \"x\": {token}\n"),
    )
    .expect("a file");
    for (name, text) in [
        ("no equals sign", format!("[default]\naws_access_key_id = {id}\naws_secret_access_key {key}\n")),
        ("no bracket", format!("[default\naws_access_key_id = {id}\naws_secret_access_key = {key}\n")),
        ("no section", format!("aws_secret_access_key = {key}\n{token}\n")),
        ("half a key", format!("[default]\naws_secret_access_key = {key}\naws_session_token = {token}\n")),
        ("answer that is cut off", format!("[default]\ncredential_process = cat {}\n", give.display())),
        ("program that is not there", format!("[default]\ncredential_process = /nowhere --password {argument}\n")),
    ] {
        fs::write(folder.path().join("aws"), text).expect("a file");
        let environment = [
            ("AWS_CONFIG_FILE", "aws"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_ACCESS_KEY_ID", ""),
            ("AWS_SECRET_ACCESS_KEY", ""),
            ("AWS_PROFILE", ""),
        ];
        let words = ["preflight", "aws_raw_ecs", "tcp://127.0.0.1:9", "--ecs-subnets", "s", "-ll", "DEBUG", "--json"];
        let said = said(folder.path(), &words, &environment)?;
        assert!(said.contains("\"credentials\""), "{name}: {said}");
        shows_none(&planted, &said, name);
    }
    Ok(())
}
