//! What came of a mixed workload.

use std::fmt;

use crate::Failure;

/// A workload that is not through by then hangs: they take 3 to 16 s.
pub(crate) const HANGS_AFTER: f64 = 60.0;

/// What came of it.
#[derive(Debug)]
pub struct Tally {
    /// The release of the Python package.
    pub release: String,
    /// What the workload followed from.
    pub seed: u64,
    /// The limit of each manager.
    pub limit: u32,
    /// Tasks submitted, nested ones included.
    pub tasks: usize,
    /// Tasks that were started more than once, with how often.
    pub repeated: Vec<(u64, usize)>,
    /// Whether every task was started and every result was the expected one.
    pub is_right: bool,
    /// Whether the client had not ended when the time was over.
    pub hangs: bool,
    /// From the client's first submission to its end, in seconds.
    pub seconds: f64,
    /// Workers more that were started to spread a queue.
    pub spares: usize,
    /// Workers that were asked to hand their queue back.
    pub asked: usize,
    /// Workers that did, and left.
    pub relieved: usize,
    /// Tasks that the scheduler gave elsewhere by that.
    pub moved: usize,
    /// Workers that left with no task, as the scheduler's own balancing had come first.
    pub overtaken: usize,
    /// Workers whose tasks had to wait elsewhere, as work submitted meanwhile had come first there.
    pub crowded: usize,
    /// Hand-backs without gain, each with what was seen.
    pub in_vain: Vec<String>,
    /// The most workers of one manager that were connected at one time.
    pub peak: usize,
    /// When something is wrong: the ends of the logs, which are kept.
    pub evidence: Option<Failure>,
}

impl Tally {
    /// What must not be; empty when all is well.
    pub fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.hangs {
            found.push(format!("it was not through within {HANGS_AFTER} s"));
        } else if !self.is_right {
            found.push("tasks were not started or gave wrong results".to_owned());
        }
        if !self.repeated.is_empty() {
            found.push(format!("tasks started more than once: {:?}", self.repeated));
        }
        if self.peak > self.limit as usize + 1 {
            found.push(format!("{} workers at once with a limit of {}", self.peak, self.limit));
        }
        found.extend(self.in_vain.iter().map(|seen| format!("a hand-back without gain: {seen}")));
        found
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            release, seed, limit, tasks, seconds, spares, asked, relieved, moved, overtaken, crowded, peak, ..
        } = self;
        let (twice, in_vain) = (self.repeated.len(), self.in_vain.len());
        write!(
            f,
            "seed {seed} ({release}): {tasks} tasks in {seconds:.1} s, started twice {twice}, spares {spares}, "
        )?;
        write!(
            f,
            "hand-backs asked {asked}, done {relieved} ({moved} tasks moved, overtaken {overtaken}, crowded {crowded}), "
        )?;
        write!(f, "without gain {in_vain}, ")?;
        write!(f, "at most {peak} workers (limit {limit})")?;
        if self.hangs { write!(f, ", HANGS") } else { Ok(()) }
    }
}
