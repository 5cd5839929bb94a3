//! What a manager is told about sessions and users reaches the library.

use std::fs;

use scaler_wm_tests::{Commanded, Failure, Manager, Result, Stack, StackOptions, Symphony};

use crate::setup::{ends_clean, options};

/// The facts of the one session that is there once a task has run.
fn facts(stack: &Stack, symphony: &Symphony, manager: &mut Manager) -> Result<Vec<String>> {
    let client = Commanded::new(stack)?;
    client.submit(1)?;
    client.until_started(&[0])?;
    let sessions = symphony.sessions();
    stack.check(sessions.len() == 1, "one session", format!("{sessions:?}"))?;
    let facts = symphony.facts(&sessions[0])?;
    client.finish_right(&[0])?;
    ends_clean(stack, symphony, manager)?;
    Ok(facts)
}

#[test]
fn every_option_of_sessions_reaches_the_library() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let symphony = Symphony::new(&stack)?;
    let password = stack.folder().join("password");
    fs::write(&password, "a secret\nof two lines\n").map_err(|error| Failure::new("write a password", error))?;
    let told = [
        ("--service-name", "Other"),
        ("--security-user", "somebody"),
        ("--soam-password-file", &*password.to_string_lossy()),
        ("--soam-session-name", "a name with blanks, ä"),
        ("--soam-session-type", "UnrecoverableAllHistoricalData"),
        ("--soam-session-tag", "blue"),
        ("--soam-session-priority", "4711"),
        ("--soam-service", "heavy"),
        ("--soam-codec", "raw"),
    ];
    let mut other = options(&symphony, &told.map(|(flag, value)| [flag, value]).concat());
    let known = [("SCALER_SOAM_SIM_APPLICATIONS", "Other"), ("SCALER_SOAM_SIM_PASSWORD", "a secret")];
    other.environment.extend(known.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let mut manager = stack.connected_manager(&other)?;
    let facts = facts(&stack, &symphony, &mut manager)?;
    let expected = [
        "application=Other",
        "type=UnrecoverableAllHistoricalData",
        "priority=4711",
        "codec=1",
        "user=somebody",
        "name=a name with blanks, ä",
        "tag=blue",
        "service=heavy",
    ];
    println!("{}", facts.join(", "));
    stack.check(facts == expected, &format!("{expected:?}"), format!("{facts:?}"))?;
    let secrets = manager.log().lines_with(&["a secret"]);
    stack.check(secrets.is_empty(), "no password in the log", format!("{secrets:?}"))
}

#[test]
fn without_any_the_released_managers_are_taken() -> Result<()> {
    let stack = Stack::start(StackOptions::default())?;
    let symphony = Symphony::new(&stack)?;
    let mut manager = stack.connected_manager(&options(&symphony, &[]))?;
    let facts = facts(&stack, &symphony, &mut manager)?;
    // Priority 1 is what the simulator makes of none.
    let expected = [
        "application=ScalerService",
        "type=RecoverableAllHistoricalData",
        "priority=1",
        "codec=0",
        "user=Guest",
        "name=ScalerSession",
        "tag=",
        "service=",
    ];
    println!("{}", facts.join(", "));
    stack.check(facts == expected, &format!("{expected:?}"), format!("{facts:?}"))
}
