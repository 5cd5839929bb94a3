//! `policy`: which command, and the policy that it is about.

use scaler_wm_core::{
    options::nearest,
    policy::{ENGINE_TYPES, Policy, PolicyError},
};
use scaler_wm_options::POLICY;

use super::{Call, command, help, matches};
use crate::exit::Failure;

/// A policy, and what is to be done with it.
#[derive(Debug)]
pub(crate) struct PolicyCall {
    /// What.
    pub(crate) command: PolicyCommand,
    /// The policy.
    pub(crate) policy: Policy,
}

/// What is to be done with a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyCommand {
    /// Say whether it can be followed.
    Check,
    /// Decide for snapshots.
    Eval,
    /// Give tasks to workers.
    Replay,
}

/// The commands, with what each does.
pub(super) const COMMANDS: [(&str, PolicyCommand, &str); 3] = [
    ("check", PolicyCommand::Check, "Says whether a policy can be followed, and what is wrong with it"),
    ("eval", PolicyCommand::Eval, "Decides what each manager is asked for, snapshot by snapshot"),
    ("replay", PolicyCommand::Replay, "Gives tasks to workers, operation by operation"),
];

/// Reads what follows `policy`.
pub(super) fn policy(arguments: &[String]) -> Result<Call, Failure> {
    let word = arguments.first().map(String::as_str);
    let found = COMMANDS.iter().find(|(name, ..)| word == Some(name));
    let Some((name, what, about)) = found else { return Err(unknown(word)) };
    let declared: Vec<_> = POLICY.iter().collect();
    let matches = matches(command::policy(name, about), &declared, arguments.get(1..).unwrap_or_default())?;
    let [engine_type, content] =
        ["policy_engine_type", "policy_content"].map(|key| matches.get_one::<String>(key).map(String::as_str));
    let engine_type = engine_type.unwrap_or(ENGINE_TYPES[0]);
    let policy = Policy::new(engine_type, content.unwrap_or_default()).map_err(|error| {
        let flag = match error {
            PolicyError::EngineType { .. } => "--policy-engine-type",
            _ => "--policy-content",
        };
        Failure::Usage(format!("{flag}: {error}"))
    })?;
    Ok(Call::Policy(PolicyCall { command: *what, policy }))
}

fn unknown(word: Option<&str>) -> Failure {
    match word {
        Some("-h" | "--help") => Failure::Told(help::policy()),
        Some(word) => {
            let meant =
                nearest(word, COMMANDS.map(|(name, ..)| name)).map(|meant| format!("; did you mean `{meant}`?"));
            Failure::Usage(format!("no such command: policy {word}{}\n\n{}", meant.unwrap_or_default(), help::policy()))
        }
        None => Failure::Usage(format!("policy needs a command\n\n{}", help::policy())),
    }
}
