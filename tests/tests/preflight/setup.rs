//! What these tests share.

use scaler_wm_tests::{ApiCall, ApiError, CloudStack, Emulation, Faults, ManagerKind, ManagerOptions, Result};

/// Where workers elsewhere find the scheduler: nobody asks it from here.
pub(crate) const OUTSIDE: [&str; 2] = ["--worker-scheduler-address", "tcp://scheduler.example:8516"];

/// A manager of ours that is told this besides.
pub(crate) fn told(extra: &[&str]) -> ManagerOptions {
    let extra = extra.iter().map(|word| (*word).to_owned()).collect();
    ManagerOptions { kind: ManagerKind::Ours, extra, ..ManagerOptions::default() }
}

/// One whose workers run elsewhere.
pub(crate) fn outside(extra: &[&str]) -> ManagerOptions {
    told(&[&OUTSIDE, extra].concat())
}

/// From now on this is answered to an operation, or to every one.
pub(crate) fn plant<E: Emulation>(stack: &CloudStack<E>, error: ApiError) {
    stack.cloud.proxy.set_faults(Faults { errors: vec![error], ..Faults::default() });
}

/// From now on nothing is wrong.
pub(crate) fn mend<E: Emulation>(stack: &CloudStack<E>) {
    stack.cloud.proxy.set_faults(Faults::default());
}

/// Every call so far was one that changes nothing, or one that EC2 was told not to make.
pub(crate) fn nothing_changed<E: Emulation>(stack: &CloudStack<E>) -> Result<()> {
    let changes = |call: &ApiCall| {
        let looks = ["Describe", "List", "Get", "Head"].iter().any(|word| call.operation.starts_with(word));
        !looks && call.body["DryRun"] != "true"
    };
    let calls = stack.cloud.proxy.calls();
    let changing: Vec<&ApiCall> = calls.iter().filter(|call| changes(call)).collect();
    stack.check(!calls.is_empty() && changing.is_empty(), "calls that change nothing", format!("{changing:?}"))?;
    let units = stack.units()?.len();
    stack.check(units == 0, "nothing started", units)
}
