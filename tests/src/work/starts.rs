//! The file in which tasks record that they were started.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::LogFile;

/// One start of a task.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The task's number.
    pub task: u64,
    /// The worker's process id.
    pub worker: i32,
    /// The processor's process id.
    pub processor: i32,
    /// When, in seconds since the epoch.
    pub at: f64,
}

/// Every start so far. A task appends one line, in one write, before it does anything else; so what ran twice is seen
/// even when its first run was killed.
#[derive(Clone, Debug)]
pub struct Starts {
    file: LogFile,
}

impl Starts {
    pub(crate) fn new(file: LogFile) -> Self {
        Self { file }
    }

    /// Where the file lies.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// All starts in the order in which they happened.
    pub fn all(&self) -> Vec<Start> {
        self.file.text().lines().filter_map(parse).collect()
    }

    /// Tasks that were started more than once, with how often.
    pub fn repeated(&self) -> Vec<(u64, usize)> {
        let mut counts = BTreeMap::new();
        for start in self.all() {
            *counts.entry(start.task).or_insert(0) += 1;
        }
        counts.into_iter().filter(|(_, count)| *count > 1).collect()
    }

    /// How many different tasks were started.
    pub fn distinct(&self) -> usize {
        self.all().iter().map(|start| start.task).collect::<BTreeSet<_>>().len()
    }
}

fn parse(line: &str) -> Option<Start> {
    let mut fields = line.split(' ');
    Some(Start {
        task: fields.next()?.parse().ok()?,
        worker: fields.next()?.parse().ok()?,
        processor: fields.next()?.parse().ok()?,
        at: fields.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_started_twice_is_repeated() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        // The last line is still being written.
        std::fs::write(file.path(), "1 10 20 0.5\n2 10 20 0.6\n1 11 21 0.7\n2 1").expect("it is written");
        let starts = Starts::new(LogFile::new(file.path()));
        assert_eq!(starts.repeated(), [(1, 2)]);
        assert_eq!((starts.all().len(), starts.distinct()), (3, 2));
    }
}
