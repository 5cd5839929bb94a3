//! Both sides, asked the same.

use std::process::Command;

use scaler_wm_tests::{Failure, Result, json_lines, manager_binary, released_script};
use serde_json::Value;

/// So many differences are printed.
const PRINTED: usize = 5;

/// What `scaler-wm policy` answers.
pub(crate) fn ours(command: &str, (engine, content): (&str, &str), lines: &[Value]) -> Result<Vec<Value>> {
    let mut asked = Command::new(manager_binary()?);
    asked.args(["policy", command, "--policy-engine-type", engine, "--policy-content", content]);
    json_lines(&mut asked, lines)
}

/// What the released package answers.
pub(crate) fn released(release: &str, arguments: &[&str], lines: &[Value]) -> Result<Vec<Value>> {
    json_lines(released_script(release, "released_policy.py")?.args(arguments), lines)
}

/// Fails at the first answers that differ.
pub(crate) fn same(what: &str, lines: &[Value], released: &[Value], ours: &[Value]) -> Result<()> {
    if lines.len() != released.len() || lines.len() != ours.len() {
        let detail = format!("{} lines, {} and {} answers", lines.len(), released.len(), ours.len());
        return Err(Failure::new("hear of every line", detail));
    }
    let differ = (0..lines.len()).filter(|at| released[*at] != ours[*at]);
    let told: Vec<String> = differ
        .clone()
        .take(PRINTED)
        .map(|at| format!("line {at}: {}\nreleased: {}\nours:     {}", lines[at], released[at], ours[at]))
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    let detail = format!("{} of {} answers differ", differ.count(), lines.len());
    Err(Failure::new(format!("answer as the released package does ({what})"), detail).with_context(told.join("\n")))
}
