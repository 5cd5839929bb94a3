//! `cargo xtask soak budget`: money, in simulated time.

use scaler_wm_tests::Result;

use crate::shell;

/// Simulates days under budgets, with ever other infrastructure; the tests do so a few times.
pub(crate) fn budget() -> Result<()> {
    let mut command = shell::cargo();
    command.args(["test", "--release", "--package", "scaler-wm-sim", "--test", "budget"]).env("PROPTEST_CASES", "1000");
    shell::run("keep within budgets", &mut command)
}
