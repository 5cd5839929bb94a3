//! Workers on this host, and a control plane with all that keeps others out of it.

use std::fs;

use scaler_wm_tests::{Authority, Backend, Failure, Good, Ports, Proc, Result, Stack, StackOptions};

use crate::{planted::Planted, rig::Rig};

/// Secrets of other managers that happen to be in the same environment.
const OF_OTHERS: [&str; 2] = ["ORB_TOKEN", "SCALER_WM_SYMPHONY_PASSWORD"];

#[test]
fn a_native_manager_shows_nothing_and_hands_on_no_secret_of_its_own() -> Result<()> {
    let stack = Stack::start(StackOptions { is_told: true, ..StackOptions::default() })?;
    let made = |error| Failure::new("make certificates", error);
    let mut planted = Planted::default();
    let folder = stack.folder();
    let authority = Authority::new(folder, "authority").map_err(made)?;
    let shown = authority.sign(folder, "control", &["127.0.0.1"], Good::Now).map_err(made)?;
    planted.key_of("control key", &shown.key)?;
    let token = planted.plant("control token");
    let right = planted.file(folder.join("right"), &token)?;
    let token = planted.plant("wrong control token");
    let wrong = planted.file(folder.join("wrong"), &token)?;
    let [orb, symphony, aws] = ["orb token", "symphony password", "secret key"].map(|name| planted.plant(name));

    let address = format!("127.0.0.1:{}", Ports::single()?);
    let [cert, key, ca] = [&shown.file, &shown.key, &authority.file].map(|file| file.to_string_lossy().into_owned());
    let told = [
        ["--control-address", &address],
        ["--control-tls-cert", &cert],
        ["--control-tls-key", &key],
        ["--control-token-file", &right],
        ["--on-exit", "keep"],
    ];
    let mut rig = Rig::new(&stack, planted, Backend::Native, told.as_flattened())?;
    rig = rig.with(&[(OF_OTHERS[0], &orb), (OF_OTHERS[1], &symphony), ("AWS_SECRET_ACCESS_KEY", &aws)]);
    rig.ask_about()?;
    let mut manager = rig.start()?;
    stack.wish(2)?;
    stack.until_connected(2, 30.0)?;
    for (token, is_right) in [(&right, true), (&wrong, false)] {
        let said = rig.ctl(&["status", "--json", "--address", &address, "--ca", &ca, "--token-file", token])?;
        stack.check(said.contains("\"managers\"") == is_right, "whom a token lets in", said)?;
    }
    rig.ask()?;

    // Of a task's environment anybody may print what is in it; that of clouds stays, as tasks may need it.
    let children: Vec<Proc> =
        stack.manager_processes().into_iter().filter(|process| process.pid != manager.pid()).collect();
    stack.check(children.len() >= 3, "helper and workers", format!("{children:?}"))?;
    for (pid, has_all) in children.iter().map(|child| (child.pid, false)).chain([(manager.pid(), true)]) {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let names: Vec<&str> = environment
            .split(|byte| *byte == 0)
            .filter_map(|entry| std::str::from_utf8(entry).ok()?.split('=').next())
            .collect();
        let is_right = OF_OTHERS.iter().all(|name| names.contains(name) == has_all);
        let is_whole = names.contains(&"AWS_SECRET_ACCESS_KEY") || names.is_empty();
        stack.check(
            is_right && is_whole,
            "an environment without secrets of the manager's",
            format!("{pid}: {names:?}"),
        )?;
    }
    let killed = stack.workers(&manager);
    killed[0].kill();
    stack.until("another worker", 20.0, || (stack.scheduler().ever_connected() == 3).then_some(()))?;
    manager.terminate();
    manager.wait(20.0).map_err(|failure| stack.explain(failure))?;
    let is_there = |name: &str| rig.state().join(name).exists();
    stack.check(
        is_there("helper.sock") && is_there("workers"),
        "what waits for the next manager",
        "it is not there",
    )?;
    rig.found_nowhere(&[])
}
