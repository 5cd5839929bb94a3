//! Which branches of which policy were taken, and how often.

use std::collections::BTreeMap;
use std::fmt;

use scaler_wm_tests::{Failure, Result};

/// A branch that was taken less often has shown nothing.
const AT_LEAST: usize = 50;

/// Every branch that there is, by policy: a test that does not reach them all fails.
const ALL: &[(&str, &[&str])] = &[
    ("no", &["never asks"]),
    (
        "vanilla",
        &[
            "no task, no worker",
            "no task, workers",
            "no worker",
            "backlog",
            "slack",
            "steady",
            "capped",
            "not capped",
            "no limit",
        ],
    ),
    ("capability", &["no task", "one group", "several groups", "mixed quantities", "capped", "not capped", "no limit"]),
    (
        "waterfall_v1",
        &[
            "no rule",
            "nothing",
            "hold",
            "share",
            "first in line",
            "after others",
            "nothing left",
            "absent manager",
            "capped by rule",
            "capped by manager",
            "no limit",
            "special work",
            "special work after others",
            "special work for nobody here",
            "equal priorities",
            "below 0",
        ],
    ),
    (
        "even_load",
        &[
            "added",
            "added twice",
            "assigned",
            "assigned twice",
            "nobody",
            "full",
            "task removed",
            "no such task",
            "worker removed",
            "tasks left over",
            "no such worker",
            "balance: nothing",
            "balance: over the mean",
            "balance: for the idle",
        ],
    ),
    (
        "capability allocation",
        &[
            "added",
            "added twice",
            "assigned",
            "nobody",
            "full",
            "task removed",
            "no such task",
            "worker removed",
            "tasks left over",
            "no such worker",
            "balance: nothing",
            "balance: moves",
            "balance: some stay",
            "balance: more workers than tasks",
        ],
    ),
    ("workers alike", &["added", "added twice", "assigned", "nobody", "full", "balance: nothing", "balance: moves"]),
];

/// Counts, by policy and branch.
#[derive(Debug, Default)]
pub(crate) struct Branches(BTreeMap<(&'static str, &'static str), usize>);

impl Branches {
    /// Counts one.
    pub(crate) fn hit(&mut self, policy: &'static str, branch: &'static str) {
        *self.0.entry((policy, branch)).or_default() += 1;
    }

    /// How many branches were taken, all of them often enough.
    pub(crate) fn enough(&self) -> Result<usize> {
        let all = ALL.iter().flat_map(|(policy, branches)| branches.iter().map(move |branch| (*policy, *branch)));
        let count = |branch: &_| self.0.get(branch).copied().unwrap_or_default();
        let rare: Vec<_> = all.clone().map(|key| (key, count(&key))).filter(|(_, count)| *count < AT_LEAST).collect();
        if !rare.is_empty() {
            return Err(Failure::new("take every branch often enough", format!("too few of {rare:?}")));
        }
        if let Some(unknown) = self.0.keys().find(|key| !all.clone().any(|known| known == **key)) {
            return Err(Failure::new("count branches", format!("nobody expects {unknown:?}")));
        }
        Ok(all.count())
    }
}

impl fmt::Display for Branches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (policy, _) in ALL {
            let own = self.0.iter().filter(|((of, _), _)| of == policy);
            let counts: Vec<String> = own.map(|((_, branch), count)| format!("{branch} {count}")).collect();
            writeln!(f, "{policy}: {}", counts.join(", "))?;
        }
        Ok(())
    }
}
