//! Symphony, and a plug-in.

use scaler_wm_tests::{Plugin, Result, Script, Stack, StackOptions, Symphony};

use crate::{planted::Planted, rig::Rig};

#[test]
fn what_symphony_and_a_plug_in_are_told_is_told_to_nobody_else() -> Result<()> {
    let stack = Stack::start(StackOptions { is_told: true, ..StackOptions::default() })?;
    stack.wish(1)?;
    the_password_of_symphony(&stack)?;
    the_token_of_a_plug_in(&stack)
}

fn the_password_of_symphony(stack: &Stack) -> Result<()> {
    let symphony = Symphony::new(stack)?;
    let mut planted = Planted::default();
    let (right, wrong) = (planted.plant("password"), planted.plant("wrong password"));
    let file = planted.file(stack.folder().join("password"), &format!("{wrong}\n"))?;
    let variables = [("SCALER_SOAM_SIM_PASSWORD", &*right), ("SCALER_WM_SYMPHONY_PASSWORD", &*right)];
    let mut rig = Rig::new(stack, planted, symphony.backend(), &[])?.with(&variables);
    // Before the variable goes what a file says, which is wrong.
    let good = rig.options.extra.clone();
    rig.options.extra.extend(["--soam-password-file".to_owned(), file]);
    rig.ask_about()?;
    let mut refused = stack.manager(&rig.options)?;
    let status = refused.wait(20.0).map_err(|failure| stack.explain(failure))?;
    let said = refused.log().lines_with(&["--soam-password-file"]);
    stack.check(status.code() == Some(2) && !said.is_empty(), "a manager refused", refused.log().tail(20))?;

    rig.options.extra = good;
    rig.ask_about()?;
    let mut manager = rig.start()?;
    let mut client = stack.client(&Script::Workload { tasks: 4, seconds: 0.0 })?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right, "right results", format!("{finished:?}"))?;
    rig.ask()?;
    manager.terminate();
    manager.wait(40.0).map_err(|failure| stack.explain(failure))?;
    rig.found_nowhere(&[])
}

fn the_token_of_a_plug_in(stack: &Stack) -> Result<()> {
    let mut plugin = Plugin::start(stack)?;
    let mut planted = Planted::default();
    let token = planted.plant("plug-in's token");
    let file = planted.file(stack.folder().join("token"), &token)?;
    let mut rig = Rig::new(stack, planted, plugin.backend(), &["--provider-token-file", &file])?;
    rig.options.id = "wm2".to_owned();
    rig.ask_about()?;
    let mut manager = stack.manager(&rig.options)?;
    stack.until_connected(1, 30.0)?;
    rig.ask()?;
    plugin.kill();
    stack.until("a word about the plug-in", 20.0, || {
        (!manager.log().lines_with(&["the plug-in has gone"]).is_empty()).then_some(())
    })?;
    rig.ask_about()?;
    manager.kill();
    rig.found_nowhere(&[])
}
