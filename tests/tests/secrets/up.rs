//! A whole stack whose scheduler listens with TLS.

use std::fs;

use scaler_wm_tests::{Failure, Good, LATEST, Result, UpStack, self_signed};

use crate::{
    modes::open_to_others,
    planted::Planted,
    search::{found, in_files},
    watch::Watch,
};

#[test]
fn keys_of_a_scheduler_stay_in_their_files() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let mut planted = Planted::default();
    let shown = self_signed(stack.folder(), "shown", &["127.0.0.1"], Good::Now, true);
    let shown = shown.map_err(|error| Failure::new("make a certificate", error))?;
    planted.key_of("scheduler's key", &shown.key)?;
    let token = planted.plant("control token");
    let token = planted.file(stack.folder().join("token"), &token)?;
    let (certificate, key) = (shown.file.display(), shown.key.display());
    let more = format!("tls_ca = \"{certificate}\"\nlogging_level = \"DEBUG\"\n");
    let manager = stack.manager_section("m", 1, &more);
    let shows = format!("tls_cert = \"{certificate}\"\ntls_key = \"{key}\"\n");
    let control = format!(
        "\n[control]\ncontrol_address = \"127.0.0.1:{}\"\ncontrol_tls_cert = \"{certificate}\"\ncontrol_tls_key = \
         \"{key}\"\ncontrol_token_file = \"{token}\"\n",
        scaler_wm_tests::Ports::single()?
    );
    let parts = stack
        .core_and(&manager)
        .replace("tcp://", "tls://")
        .replace("[scheduler]\n", &format!("[scheduler]\n{shows}"))
        .replace("[object_storage_server]\n", &format!("[object_storage_server]\n{shows}"));
    let toml = [parts, control].concat();
    let watch = Watch::start();
    let looked = stack.preflight(&toml, &["--json"])?;
    let mut up = stack.all_up(&toml, &[])?;
    let state = stack.folder().join("home/.local/state/scaler-wm/m");
    let open = open_to_others(&state);
    stack.check(
        open.is_empty() && state.join("journal.redb").is_file(),
        "a state folder for one user",
        format!("{open:?}"),
    )?;
    up.terminate();
    stack.until_ended(&mut up, 0, 30.0)?;
    let deliberate = stack.folder().join("deliberate");
    fs::copy(&shown.key, &deliberate).map_err(|error| Failure::new("copy a key", error))?;
    let leaks = in_files(&planted, stack.folder());
    stack.check(leaks == [(deliberate, "scheduler's key")], "the copy of a key, and no other", format!("{leaks:?}"))?;
    let leaks = found(&planted, looked.said.as_bytes());
    stack.check(leaks.is_empty(), "none in what preflight says", format!("{leaks:?}"))?;
    for (_, line) in watch.end() {
        let leaks = found(&planted, &line);
        stack.check(leaks.is_empty(), "none in a command line", String::from_utf8_lossy(&line))?;
    }
    Ok(())
}
