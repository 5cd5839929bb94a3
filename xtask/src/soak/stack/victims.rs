//! Who is killed, and in which order.

use fastrand::Rng;

/// What is killed by SIGKILL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Victim {
    /// A local worker.
    Worker,
    /// All processes of a task of ECS.
    Unit,
    /// The process from which a manager of local workers forks them.
    Helper,
    /// The manager that keeps its workers; the next one takes them over.
    Kept,
    /// The manager that keeps nothing: its workers go with it.
    Local,
    /// The manager of ECS: the next one finds its tasks.
    Cloud,
    /// The scheduler, and with it all that the client waits for: it asks anew.
    Scheduler,
}

impl Victim {
    pub(super) const ALL: [Self; 7] =
        [Self::Worker, Self::Unit, Self::Helper, Self::Kept, Self::Local, Self::Cloud, Self::Scheduler];

    /// In words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Worker => "a local worker",
            Self::Unit => "a task of ECS",
            Self::Helper => "a helper",
            Self::Kept => "the manager that keeps its workers",
            Self::Local => "the manager of local workers",
            Self::Cloud => "the manager of ECS",
            Self::Scheduler => "the scheduler",
        }
    }

    /// Whether the memory of whom it kills is judged: such a one is left alone once the judged time has begun.
    const fn is_judged(self) -> bool {
        matches!(self, Self::Local | Self::Cloud)
    }
}

/// The first round has everybody in it, those that are judged at its beginning.
const FIRST: [Victim; 9] = [
    Victim::Local,
    Victim::Cloud,
    Victim::Worker,
    Victim::Kept,
    Victim::Helper,
    Victim::Unit,
    Victim::Scheduler,
    Victim::Kept,
    Victim::Worker,
];

/// How many kills a round has.
pub(super) const ROUND: usize = FIRST.len();

/// One victim after the other; all of it follows from a seed.
#[derive(Debug)]
pub(super) struct Victims {
    random: Rng,
    left: Vec<Victim>,
}

impl Victims {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), left: FIRST.iter().rev().copied().collect() }
    }

    /// The next one. In the judged time somebody else takes the place of those that are judged.
    pub(super) fn next(&mut self, is_judged_time: bool) -> Victim {
        if self.left.is_empty() {
            self.left = FIRST.to_vec();
            self.random.shuffle(&mut self.left);
        }
        match self.left.pop() {
            Some(victim) if victim.is_judged() && is_judged_time => Victim::Unit,
            Some(victim) => victim,
            None => Victim::Worker,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_has_everybody_and_the_judged_time_spares_those_that_are_judged() {
        let mut victims = Victims::new(1);
        let mut round: Vec<Victim> = (0..ROUND).map(|_| victims.next(false)).collect();
        round.sort_unstable();
        round.dedup();
        assert_eq!(round.len(), Victim::ALL.len());
        assert!((0..10 * ROUND).all(|_| !victims.next(true).is_judged()));
    }
}
