//! Making a scenario that breaks a rule shorter.

use std::fmt;

use super::{Run, Scenario, Violation};

/// The shortest scenario that was found to break the rule.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// It.
    pub scenario: Scenario,
    /// How it breaks the rule.
    pub violation: Violation,
    /// How many events there were at first.
    pub from: usize,
}

/// The rule, the events that are needed, and how it goes with them.
impl fmt::Display for Shrunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, violation, from } = self;
        writeln!(f, "{violation}\n{} of {from} events are needed for it:", scenario.events.len())?;
        writeln!(f, "{scenario}how it goes:")?;
        scenario.run(true).log.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// Leaves out events as long as the same rule is broken: halves, then quarters, at last each by itself. `None` where the
/// scenario breaks no rule.
#[must_use]
pub fn shrink(scenario: &Scenario) -> Option<Shrunk> {
    let violation = scenario.run(false).violation?;
    let from = scenario.events.len();
    let mut best = Shrunk { scenario: scenario.clone(), violation, from };
    let mut size = from.div_ceil(2);
    while size > 0 {
        let mut is_shorter = false;
        let mut start = 0;
        while start < best.scenario.events.len() {
            let mut shorter = best.scenario.clone();
            let end = (start + size).min(shorter.events.len());
            shorter.events.drain(start..end);
            match shorter.run(false) {
                Run { violation: Some(violation), .. } if violation.rule == best.violation.rule => {
                    best = Shrunk { scenario: shorter, violation, from };
                    is_shorter = true;
                }
                _ => start += size,
            }
        }
        if size > 1 || !is_shorter {
            size /= 2;
        }
    }
    Some(best)
}
