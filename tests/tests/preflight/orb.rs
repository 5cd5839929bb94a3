//! Instances by way of a server of Open Resource Broker.

use scaler_wm_tests::{Ec2Options, Ec2Stack, Ec2StackOptions, ManagerOptions, OrbServer, Result};

use crate::setup::outside;

#[test]
fn server_token_and_template_are_looked_at() -> Result<()> {
    let emulator = Ec2Options { executes: false, ..Ec2Options::default() };
    let ec2 = Ec2Stack::start(Ec2StackOptions { emulator, ..Ec2StackOptions::default() })?;
    let mut server = OrbServer::beside(&ec2, "#!/bin/sh\n")?;
    let (url, operator) = (server.url(), server.token("wm1", "operator", 3_600)?);
    let told = |template: &str, token: &str| ManagerOptions {
        environment: vec![("ORB_TOKEN".to_owned(), token.to_owned())],
        ..outside(&["--orb-url", &url, "--orb-template-id", template, "--orb-workers-per-machine", "2"])
    };
    let looked = ec2.preflight(&told(OrbServer::RUN, &operator))?;
    looked.is_good(&["orb server", "orb token", "template"])?;
    looked.says("template", "ok", &["10"])?;
    ec2.check(!looked.said.contains(&operator), "no token shown", "it was")?;

    ec2.preflight(&told("nobodys", &operator))?.has_failed("template", &["nobodys", OrbServer::RUN])?;
    let late = server.token("wm1", "operator", -60)?;
    ec2.preflight(&told(OrbServer::RUN, &late))?.has_failed("orb token", &["--orb-token"])?;
    let viewer = server.token("wm1", "viewer", 3_600)?;
    ec2.preflight(&told(OrbServer::RUN, &viewer))?.has_failed("orb token", &["operator"])?;
    server.kill();
    let looked = ec2.preflight(&told(OrbServer::RUN, &operator))?;
    looked.has_failed("orb server", &["nothing listens", "start"])?;
    looked.says("template", "skipped", &["orb server"])?;
    let units = ec2.units()?.len();
    ec2.check(units == 0, "nothing started", units)
}
