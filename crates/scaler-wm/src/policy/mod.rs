//! `policy`: policies checked and tried out, without a scheduler.

mod eval;
mod lines;
mod replay;

use rustix::stdio::stderr;

use crate::{
    cli::{PolicyCall, PolicyCommand},
    exit::Failure,
};

/// Does what was asked for with a policy.
///
/// # Errors
/// When a line could not be answered.
pub(crate) fn policy(call: &PolicyCall) -> Result<(), Failure> {
    let PolicyCall { command, policy } = call;
    for note in policy.notes() {
        // Not `eprintln!`, which panics when nobody listens any more.
        let _ = rustix::io::write(stderr(), format!("note: {note}\n").as_bytes());
    }
    match command {
        PolicyCommand::Check => Err(Failure::Told(format!(
            "valid: policy engine {}, scaling {}, allocation {}\n",
            policy.engine_type(),
            policy.scaling(),
            policy.allocation()
        ))),
        PolicyCommand::Eval => lines::answer("a snapshot", |line| eval::eval(policy, line)),
        PolicyCommand::Replay => {
            let mut allocator = policy.allocator();
            lines::answer("an operation", |line| replay::replay(&mut *allocator, line))
        }
    }
}
