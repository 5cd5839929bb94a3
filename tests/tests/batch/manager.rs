//! How managers of these tests are started, and what clients see of them.

use scaler_wm_tests::{BatchOptions, BatchStack, BatchStackOptions, Commanded, Manager, ManagerOptions, Result};

/// One agent, that runs 100 jobs at a time; told this besides.
pub(crate) fn options(extra: &[&str]) -> ManagerOptions {
    let extra = extra.iter().map(|word| (*word).to_owned()).collect();
    ManagerOptions { limit: 100, extra, ..ManagerOptions::default() }
}

/// A stack over such a cloud, with a manager that is told this.
pub(crate) fn start(emulator: BatchOptions, extra: &[&str]) -> Result<(BatchStack, Manager)> {
    let stack = BatchStack::start(BatchStackOptions { emulator, ..BatchStackOptions::default() })?;
    let manager = stack.connected_manager(&options(extra))?;
    Ok((stack, manager))
}

/// Waits for the end of a client each of whose tasks is to have given back its number, having started once; nothing is left.
pub(crate) fn finish_right(stack: &BatchStack, client: Commanded<'_>, tasks: &[u64]) -> Result<()> {
    client.finish_right(tasks)?;
    stack.until_nothing_left(30.0)
}
