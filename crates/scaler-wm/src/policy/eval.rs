//! `policy eval`: what each manager of a snapshot is asked for.

use scaler_wm_core::{
    ManagerId, Request,
    policy::{Because, Decision, Policy, Snapshot},
};
use serde::Serialize;

use super::lines;

/// What is answered.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    decisions: Vec<Decided>,
}

#[derive(Debug, Serialize)]
struct Decided {
    manager: ManagerId,
    requests: Option<Vec<Request>>,
    because: Because,
}

impl From<Decision> for Decided {
    fn from(decision: Decision) -> Self {
        Self { requests: decision.requests(), manager: decision.manager, because: decision.because }
    }
}

/// Decides for every manager of one snapshot, in their order.
pub(super) fn eval(policy: &Policy, line: &[u8]) -> Result<Answer, String> {
    let decisions = lines::read::<Snapshot>(line)?.decide(policy)?;
    Ok(Answer { decisions: decisions.into_iter().map(Decided::from).collect() })
}
