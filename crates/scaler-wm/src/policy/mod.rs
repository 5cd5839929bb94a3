//! `policy`: policies checked and tried out, without a scheduler.

mod eval;
mod lines;
mod replay;

use crate::{
    cli::{PolicyCall, PolicyCommand},
    exit::{Failure, answer, say},
};

/// Does what was asked for with a policy.
///
/// # Errors
/// When a line could not be answered.
pub(crate) fn policy(call: &PolicyCall) -> Result<(), Failure> {
    let PolicyCall { command, policy } = call;
    let notes: String = policy.notes().iter().map(|note| format!("note: {note}\n")).collect();
    if *command != PolicyCommand::Check {
        // Standard output is for answers alone, which programs read.
        say(&notes);
    }
    match command {
        // What was asked about is the policy: notes on it are of the answer.
        PolicyCommand::Check => answer(&format!(
            "{notes}valid: policy engine {}, scaling {}, allocation {}\n",
            policy.engine_type(),
            policy.scaling(),
            policy.allocation()
        )),
        PolicyCommand::Eval => lines::answer("a snapshot", |line| eval::eval(policy, line)),
        PolicyCommand::Replay => {
            let mut allocator = policy.allocator();
            lines::answer("an operation", |line| replay::replay(&mut *allocator, line))
        }
    }
}
