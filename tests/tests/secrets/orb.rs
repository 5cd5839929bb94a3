//! Instances by way of a server of Open Resource Broker.

use scaler_wm_tests::{Ec2Emulator, Ec2Options, Ec2Stack, Ec2StackOptions, Emulation, OrbServer, Result, StackOptions};

use crate::{planted::Planted, rig::Rig};

/// The part of a token that signs it, which no other one has.
fn signature(token: &str) -> &str {
    token.rsplit('.').next().unwrap_or_default()
}

#[test]
fn the_token_for_a_server_is_told_to_nobody_else() -> Result<()> {
    let stack = StackOptions { is_told: true, ..StackOptions::default() };
    let emulator = Ec2Options { executes: false, ..Ec2Options::default() };
    let ec2 = Ec2Stack::start(Ec2StackOptions { stack, emulator })?;
    let mut server = OrbServer::beside(&ec2, "#!/bin/sh\n")?;
    let (token, viewer) = (server.token("wm1", "operator", 3_600)?, server.token("wm1", "viewer", 3_600)?);
    let mut planted = Planted::default();
    planted.known("operator's token", &token, signature(&token));
    planted.known("viewer's token", &viewer, signature(&viewer));
    let url = server.url();
    let extra = ["--orb-url", &url, "--orb-template-id", OrbServer::RUN, "--observe-interval-seconds", "1"];
    let backend = Ec2Emulator::backend(ec2.cloud.proxy.endpoint());
    let mut rig = Rig::new(&ec2.stack, planted, backend, &extra)?.with(&[("ORB_TOKEN", &viewer)]);
    // One that may not ask for machines.
    rig.ask_about()?;
    let mut refused = ec2.stack.manager(&rig.options)?;
    ec2.until("a manager refused", 30.0, || refused.exited())?;
    rig = rig.with(&[("ORB_TOKEN", &token)]);
    let mut manager = rig.start()?;
    ec2.stack.wish(1)?;
    ec2.until("a machine", 60.0, || (ec2.units().ok()?.len() == 1).then_some(()))?;
    rig.ask_about()?;
    server.kill();
    ec2.until("a word about the server", 20.0, || {
        (!manager.log().lines_with(&["nothing listens"]).is_empty()).then_some(())
    })?;
    rig.ask()?;
    manager.kill();
    rig.found_nowhere(&[])
}
