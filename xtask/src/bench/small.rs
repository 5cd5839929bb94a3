//! What is measured without a running manager.

use scaler_wm_tests::{Failure, Result};

use crate::shell;

/// Sizes and times of single parts.
#[derive(Clone, Debug)]
pub(crate) struct Small {
    /// The slim release binary, in bytes.
    pub(crate) slim_bytes: u64,
    /// One command frame decoded, in nanoseconds.
    pub(crate) decode: f64,
    /// Units and microseconds that `plan` took for them.
    pub(crate) plan: Vec<(u64, f64)>,
}

pub(crate) fn measure(slim_bytes: u64) -> Result<Small> {
    eprintln!("decode and plan");
    let decode = example("scaler-wm-wire", "decode_bench")?;
    let decode = decode
        .lines()
        .find_map(|line| line.strip_prefix("decode_command_ns ")?.trim().parse().ok())
        .ok_or_else(|| Failure::new("read decode_bench", format!("no decode_command_ns in {decode}")))?;
    let text = example("scaler-wm-core", "plan_bench")?;
    let plan: Vec<(u64, f64)> = text.lines().filter_map(plan_line).collect();
    if !plan.iter().any(|(units, _)| *units == 10_000) {
        return Err(Failure::new("read plan_bench", format!("no plan_units 10000 in {text}")));
    }
    Ok(Small { slim_bytes, decode, plan })
}

/// Reads `plan_units N us X`.
fn plan_line(line: &str) -> Option<(u64, f64)> {
    let mut words = line.strip_prefix("plan_units ")?.split_whitespace();
    let units = words.next()?.parse().ok()?;
    let microseconds = words.nth(1)?.parse().ok()?;
    Some((units, microseconds))
}

/// What an example prints.
pub(super) fn example(package: &str, name: &str) -> Result<String> {
    let mut command = shell::cargo();
    command.args(["run", "--quiet", "--release", "--package", package, "--example", name]);
    shell::output_of(&format!("run {name}"), &mut command)
}
