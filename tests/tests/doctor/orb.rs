//! Machines of an ORB server, which bear no name of ours.

use scaler_wm_tests::{Ec2Options, Ec2Stack, Ec2StackOptions, ManagerOptions, OrbServer, Result};

use crate::planted::{clear_socket, options, settled, told};

#[test]
fn machines_on_record_are_found_and_never_deleted() -> Result<()> {
    let emulator = Ec2Options { executes: false, ..Ec2Options::default() };
    let ec2 = Ec2Stack::start(Ec2StackOptions { emulator, stack: told() })?;
    let server = OrbServer::beside(&ec2, "#!/bin/sh")?;
    let url = server.url();
    let extra = ["--orb-url", &url, "--orb-template-id", OrbServer::RUN, "--observe-interval-seconds", "1"];
    let environment = vec![("ORB_TOKEN".to_owned(), server.token("wm1", "operator", 3_600)?)];
    let ours = ManagerOptions { environment, ..options("wm1", &extra) };
    let mut killed = ec2.connected_manager(&ours)?;
    ec2.stack.wish(2)?;
    ec2.until("two machines on record", 40.0, || (settled(&ec2.stack, "wm1") == Some(2)).then_some(()))?;
    killed.kill();
    clear_socket(&ec2.stack, "wm1");

    let report = ec2.doctor(&ours, &["--delete", "--yes", "--json"])?;
    let found = report.found()?;
    let units = ec2.units()?;
    let are_waiting = units.iter().all(|unit| found.get(&unit.id).is_some_and(|state| state == "waiting"));
    let is_right = units.len() == 2 && found.len() == 2 && are_waiting && report.code == Some(1);
    ec2.check(is_right, "both, still there", format!("{report:?} {units:?}"))?;
    let json = report.json()?;
    let notes = &json["managers"][0]["notes"];
    let is_said =
        notes.to_string().contains("orb machines return") && json["deleted"].as_array().is_some_and(Vec::is_empty);
    ec2.check(is_said, "the way out", format!("{report:?}"))
}
