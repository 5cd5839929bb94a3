//! The search itself: what is there is found.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use scaler_wm_tests::until;

use crate::{
    modes::open_to_others,
    planted::Planted,
    search::{found, in_files},
    watch::Watch,
};

#[test]
fn a_secret_is_found_however_it_is_written() {
    let mut planted = Planted::default();
    let (key, id) = (planted.plant("secret key"), planted.plant_key_id());
    assert!(found(&planted, b"nothing of the kind").is_empty());
    for before in ["", "a", "ab", "abc"] {
        let text = format!("{before}{key} and more");
        let url = text.replace('/', "%2F").replace('+', "%2B").replace(' ', "+");
        let debug = format!("{:?}", serde_json::json!({ "a": text }).to_string());
        let hexadecimal: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        for form in [text.clone(), url, debug, STANDARD.encode(&text), hexadecimal] {
            assert_eq!(found(&planted, form.as_bytes()), ["secret key"], "{form}");
        }
    }
    assert_eq!(found(&planted, format!("{key}{id}").as_bytes()), ["secret key", "access key id"]);
}

#[test]
fn a_secret_in_a_file_or_a_command_line_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut planted = Planted::default();
    let token = planted.plant("token");
    planted.file(folder.path().join("known"), &token).expect("a file");
    assert!(in_files(&planted, folder.path()).is_empty(), "it is there on purpose");
    fs::create_dir(folder.path().join("deep")).expect("a folder");
    let leak = folder.path().join("deep/journal");
    fs::write(&leak, [b"\0\xff", token.as_bytes()].concat()).expect("a file");
    assert_eq!(in_files(&planted, folder.path()), [(leak, "token")]);

    let watch = Watch::start();
    let mut command = Command::new("sh");
    command.args(["-c", "read line", "sh", &token]).stdin(Stdio::piped());
    let mut child = command.spawn().expect("a shell");
    let line = format!("/proc/{}/cmdline", child.id());
    let is_seen = || fs::read(&line).ok().filter(|line| !found(&planted, line).is_empty()).map(drop);
    until("the command line", 5.0, is_seen).expect("the kernel shows it");
    let seen = watch.end();
    drop(child.stdin.take());
    child.wait().expect("it ends");
    let pids: Vec<i32> =
        seen.iter().filter(|(_, line)| !found(&planted, line).is_empty()).map(|(pid, _)| *pid).collect();
    assert_eq!(pids, [child.id().cast_signed()]);
}

#[test]
fn what_others_may_open_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let mode = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    mode(folder.path(), 0o700);
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    mode(&file, 0o600);
    assert!(open_to_others(folder.path()).is_empty());
    mode(&file, 0o640);
    assert_eq!(open_to_others(folder.path()), [(file.clone(), "0640".to_owned())]);
    mode(&file, 0o600);
    mode(folder.path(), 0o755);
    assert_eq!(open_to_others(folder.path()).len(), 1);
}
