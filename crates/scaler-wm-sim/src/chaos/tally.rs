//! What happened in runs, counted.

use std::collections::BTreeMap;

use super::{Point, Write};

/// What happened in runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Processes of managers.
    pub lives: u64,
    /// Those that were killed.
    pub kills: u64,
    /// Calls to the infrastructure.
    pub calls: u64,
    /// Units that were made.
    pub units: u64,
    /// Launches of which nobody could learn what came, or not in time.
    pub given_up: u64,
    /// How often the journal could not take something down.
    pub unwritten: BTreeMap<Write, u64>,
    /// Milliseconds that passed.
    pub millis: u64,
    /// How often managers were at each point.
    pub passed: BTreeMap<Point, u64>,
    /// How often one was killed there.
    pub killed_at: BTreeMap<Point, u64>,
}

impl Tally {
    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.lives += other.lives;
        self.kills += other.kills;
        self.calls += other.calls;
        self.units += other.units;
        self.given_up += other.given_up;
        self.millis += other.millis;
        for (write, count) in &other.unwritten {
            *self.unwritten.entry(*write).or_default() += count;
        }
        for (ours, theirs) in [(&mut self.passed, &other.passed), (&mut self.killed_at, &other.killed_at)] {
            theirs.iter().for_each(|(point, count)| *ours.entry(*point).or_default() += count);
        }
    }
}
