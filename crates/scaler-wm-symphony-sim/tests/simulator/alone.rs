//! Each test in a process of its own: the library reads its environment once, and a process has it once.

use std::{
    any::type_name_of_val,
    env,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const ALONE: &str = "SIMULATOR_TEST_ALONE";
const ROLE: &str = "SIMULATOR_TEST_ROLE";

/// Runs the body in another process with these variables (without their prefix) and a folder. Nothing of it is left.
pub(crate) fn alone<F: FnOnce()>(variables: &[(&str, &str)], body: F) {
    let name = type_name_of_val(&body).trim_start_matches("simulator::").trim_end_matches("::{{closure}}").to_owned();
    if env::var(ALONE).is_ok_and(|alone| alone == name) {
        body();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([&name, "--exact", "--nocapture"]).env(ALONE, &name).env("SCALER_SOAM_SIM_DIR", folder.path());
    command.envs(variables.iter().map(|(name, value)| (format!("SCALER_SOAM_SIM_{name}"), value)));
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success() && text.contains("1 passed"), "{name}: {}\n{text}", output.status);
    let path = folder.path().to_str().unwrap();
    assert!(within(2, || instances(path).is_empty()), "processes are left: {:?}", instances(path));
}

/// The folder of this test.
pub(crate) fn folder() -> PathBuf {
    env::var_os("SCALER_SOAM_SIM_DIR").unwrap().into()
}

/// The service instances of a folder that live: they have a file in it as their argument.
pub(crate) fn instances(folder: &str) -> Vec<i32> {
    let all = procfs::process::all_processes().unwrap().flatten();
    let prefix = format!("{folder}/instances/");
    all.filter(|process| process.cmdline().is_ok_and(|words| words.iter().any(|word| word.starts_with(&prefix))))
        .map(|process| process.pid)
        .collect()
}

/// Whether it becomes so within this many seconds.
pub(crate) fn within(seconds: u64, is_so: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !is_so() {
        if Instant::now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

/// What another process of this test is to be; nothing in its first process.
pub(crate) fn role() -> Option<String> {
    env::var(ROLE).ok()
}

/// Another process of this test, in a role, until it has said `word`; what follows that word.
pub(crate) fn another(role: &str, word: &str) -> (Child, String) {
    let name = env::var(ALONE).unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([&name, "--exact", "--nocapture"]).env(ROLE, role).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = lines.map_while(Result::ok).filter_map(|line| line.split_once(word).map(|it| it.1.to_owned()));
    let said = said.next().expect("the other process ended before it said anything");
    (child, said.trim().to_owned())
}

/// What `kill -9` does.
pub(crate) fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Stays until it is killed.
pub(crate) fn stay() -> ! {
    loop {
        thread::park();
    }
}
