//! What the scheduler is given to do: one wave of tasks after the other, with pauses.

use std::time::Duration;

use fastrand::Rng;
use scaler_wm_tests::Script;

/// Tasks of one client.
#[derive(Clone, Debug)]
pub(super) struct Wave {
    pub(super) script: Script,
    /// What it is, in words.
    pub(super) words: String,
}

/// Waves and pauses; all of it follows from a seed.
#[derive(Debug)]
pub(super) struct Load {
    random: Rng,
    count: usize,
}

impl Load {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), count: 0 }
    }

    /// The next wave: each kind in turn, so that a short run has them all.
    pub(super) fn wave(&mut self) -> Wave {
        let random = &mut self.random;
        let between =
            |random: &mut Rng, least: f64, most: f64| ((least + random.f64() * (most - least)) * 100.0).round() / 100.0;
        self.count += 1;
        match self.count % 5 {
            1 => {
                let (tasks, seconds) = (random.u32(40..100), between(random, 0.1, 0.5));
                let words = format!("a burst of {tasks} tasks of {seconds} s");
                Wave { script: Script::Burst { tasks, seconds }, words }
            }
            2 => {
                let (tasks, seconds) = (random.u32(150..400), between(random, 0.01, 0.04));
                let words = format!("{tasks} short tasks of {seconds} s that trickle in");
                Wave { script: Script::Counted { tasks, seconds }, words }
            }
            3 => {
                let (tasks, seconds) = (random.u32(2..5), between(random, 3.0, 8.0));
                let words = format!("60 tasks of 0.5 s, then {tasks} long ones of {seconds} s");
                Wave { script: Script::LongTasks { tasks, seconds }, words }
            }
            4 => {
                let tasks = random.u32(200..600);
                let words = format!("a flood of {tasks} tasks that do nothing");
                Wave { script: Script::Flood { tasks, first: 1 }, words }
            }
            _ => {
                let (tasks, seconds) = (random.u32(3..8), between(random, 2.0, 6.0));
                let words = format!("{tasks} long tasks of {seconds} s");
                Wave { script: Script::Burst { tasks, seconds }, words }
            }
        }
    }

    /// What comes before the next wave: mostly a moment, at times so long that workers go.
    pub(super) fn pause(&mut self) -> Duration {
        let seconds =
            if self.count.is_multiple_of(3) { 10.0 + self.random.f64() * 15.0 } else { self.random.f64() * 4.0 };
        Duration::from_secs_f64(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_load_with_every_kind_in_it() {
        let words = |seed| {
            let mut load = Load::new(seed);
            (0..20).map(|_| format!("{} {:?}", load.wave().words, load.pause())).collect::<Vec<_>>()
        };
        assert_eq!(words(3), words(3));
        assert_ne!(words(3), words(4));
        let five = words(3)[..5].concat();
        for kind in ["burst", "trickle", "then", "flood", "long tasks of"] {
            assert!(five.contains(kind), "{kind} in {five}");
        }
    }
}
