//! Decisions as cause and effect.

use serde::Serialize;

use crate::{
    Timestamp,
    plan::{Action, Cause},
};

/// What was decided at one instant, what for, and what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// Why, in words: what is wanted, and by whom.
    pub cause: String,
    /// Units wanted, bounds applied; `None` while nobody has said.
    pub desired: Option<u32>,
    /// Units aimed at, the cooldown applied.
    pub target: Option<u32>,
    /// Units that were there.
    pub units: u32,
    /// Units that open launches might still bring.
    pub open: u32,
    /// What was done, in words; a line for each kind of act.
    pub effects: Vec<String>,
}

/// What a plan does, in words; a line for each kind of act.
pub(crate) fn effects(actions: &[Action]) -> Vec<String> {
    let mut lines: Vec<(String, u32)> = Vec::new();
    let mut add = |line: String, units: u32| match lines.iter_mut().find(|(known, _)| *known == line) {
        Some((_, count)) => *count = count.saturating_add(units),
        None => lines.push((line, units)),
    };
    for action in actions {
        match action {
            Action::Launch { count, tier } => add(format!("start {{}} from {tier}"), count.get()),
            Action::LaunchSpare { tier, loaded, queued, idle } => add(
                format!(
                    "start {{}} more from {tier}, so that {queued} tasks of {loaded} are spread over {idle} idle ones"
                ),
                1,
            ),
            Action::Ask { how, because, .. } => add(format!("ask {{}} to {}: {because}", how.words()), 1),
            Action::WaitUntilIdle { .. } => add(format!("let {{}} go once idle: {}", Cause::SurplusBusy), 1),
            Action::KeepAfterAll { .. } => add(format!("keep {{}} after all: {}", Cause::WantedAgain), 1),
        }
    }
    let counted = |(line, count): (String, u32)| {
        line.replacen("{}", &format!("{count} {}", if count == 1 { "unit" } else { "units" }), 1)
    };
    lines.into_iter().map(counted).collect()
}
