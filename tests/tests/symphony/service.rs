//! Services for Symphony's hosts, as they are deployed there: payloads of a manager must go through each unchanged.

use std::path::Path;

use scaler_wm_tests::{ManagerOptions, Result, Script, Stack, StackOptions, Symphony};

use crate::setup::{ends_clean, options};

/// Ours.
const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/scaler-wm-symphony/service/scaler_service.py");
/// The released package has a codec of messages, and no service: one around that codec.
const RELEASED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/symphony/released_service.py");

/// A manager whose tasks this service runs.
fn start(stack: &Stack, service: &str) -> Result<(Symphony, ManagerOptions)> {
    let symphony = Symphony::new(stack)?;
    let mut told = options(&symphony, &["--max-concurrent-tasks", "1", "-mtc", "1"]);
    told.environment.push(("SCALER_SOAM_SIM_SERVICE".to_owned(), service.to_owned()));
    Ok((symphony, told))
}

/// Tasks of every kind come out as on native workers: results, exceptions, and serializers of clients.
fn runs_all(service: &str, native: &[String]) -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let (symphony, told) = start(&stack, service)?;
    let mut manager = stack.connected_manager(&told)?;
    let (ours, marks) = stack.outcomes(1, 120.0)?;
    stack.check_same(&ours, native)?;
    stack.check(!marks.is_empty() && !marks.contains(&manager.pid()), "marks of instances", format!("{marks:?}"))?;
    let mut client = stack.client(&Script::Workload { tasks: 50, seconds: 0.0 })?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 50, "50 right results", format!("{finished:?}"))?;
    let name = Path::new(service).file_name().unwrap_or_default().to_string_lossy();
    println!("{name}: {} cases as on native workers, and 50 right results", ours.len());
    ends_clean(&stack, &symphony, &mut manager)
}

#[test]
fn payloads_go_through_our_service_and_through_the_released_codec() -> Result<()> {
    let native = {
        let stack = Stack::start(StackOptions::default())?;
        let _manager = stack.connected_manager(&ManagerOptions { limit: 1, ..ManagerOptions::default() })?;
        stack.outcomes(1, 120.0)?.0
    };
    [OURS, RELEASED].into_iter().try_for_each(|service| runs_all(service, &native))
}
