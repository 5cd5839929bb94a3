//! What the released scheduler's log tells about workers and managers.

use std::collections::HashSet;

use crate::LogFile;

/// A worker that came or went, in the order of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerEvent {
    /// The worker's id as the scheduler prints it.
    Connected(String),
    /// The worker's id as the scheduler prints it.
    Gone(String),
}

/// The scheduler's log, read as events (2.6.0 and 2.9.0 print the same words for these).
#[derive(Clone, Debug)]
pub struct SchedulerLog {
    log: LogFile,
}

impl SchedulerLog {
    /// Reads `log`.
    pub fn new(log: LogFile) -> Self {
        Self { log }
    }

    /// The file itself.
    pub fn file(&self) -> &LogFile {
        &self.log
    }

    /// Every coming and going so far.
    pub fn events(&self) -> Vec<WorkerEvent> {
        self.log.text().lines().filter_map(event).collect()
    }

    /// Workers connected now.
    pub fn connected(&self) -> HashSet<String> {
        self.events().into_iter().fold(HashSet::new(), |mut connected, event| {
            match event {
                WorkerEvent::Connected(id) => connected.insert(id),
                WorkerEvent::Gone(id) => connected.remove(&id),
            };
            connected
        })
    }

    /// The most workers that were connected at one time.
    pub fn peak(&self) -> usize {
        let mut connected = HashSet::new();
        let mut peak = 0;
        for event in self.events() {
            match event {
                WorkerEvent::Connected(id) => connected.insert(id),
                WorkerEvent::Gone(id) => connected.remove(&id),
            };
            peak = peak.max(connected.len());
        }
        peak
    }

    /// How many workers ever connected.
    pub fn ever_connected(&self) -> usize {
        self.events().iter().filter(|event| matches!(event, WorkerEvent::Connected(_))).count()
    }

    /// Workers that the scheduler took for connected again after they had left: nobody is there any more.
    pub fn ghosts(&self) -> Vec<String> {
        let mut gone = HashSet::new();
        let mut ghosts = Vec::new();
        for event in self.events() {
            match event {
                WorkerEvent::Gone(id) => {
                    gone.insert(id);
                }
                WorkerEvent::Connected(id) if gone.contains(&id) => ghosts.push(id),
                WorkerEvent::Connected(_) => {}
            }
        }
        ghosts
    }

    /// Whether a manager has sent a heartbeat that the scheduler took.
    pub fn manager_connected(&self) -> bool {
        !self.log.lines_with(&["WorkerManager b'", "' connected"]).is_empty()
    }
}

/// Reads `worker WorkerID(ID) connected`, `WorkerID(ID) disconnected …` and, of 2.6.0, `b'ID' disconnected`.
fn event(line: &str) -> Option<WorkerEvent> {
    let id = |text: &str| {
        let word = text.rsplit(' ').next().unwrap_or(text);
        let inner = word.strip_prefix("WorkerID(").and_then(|word| word.strip_suffix(')'));
        let inner = inner.or_else(|| word.strip_prefix("b'").and_then(|word| word.strip_suffix('\'')));
        inner.map(|id| id.trim_start_matches("b'").trim_end_matches('\'').to_owned())
    };
    if line.contains("WorkerManager") {
        return None;
    }
    if let Some((text, _)) = line.split_once(" disconnected") {
        return id(text).map(WorkerEvent::Gone);
    }
    id(line.strip_suffix(" connected")?).map(WorkerEvent::Connected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_both_releases_are_events() {
        let connected = || Some(WorkerEvent::Connected("Worker|NAT|x".to_owned()));
        let gone = || Some(WorkerEvent::Gone("Worker|NAT|x".to_owned()));
        let lines = [
            ("2026 INFO scaler[7]: worker WorkerID(Worker|NAT|x) connected", connected()),
            ("2026 INFO scaler[7]: WorkerID(Worker|NAT|x) disconnected (graceful notification)", gone()),
            (
                "2026 WARNING scaler[7]: WorkerID(Worker|NAT|x) disconnected (timeout): rerouting/failing 3 task(s)",
                gone(),
            ),
            ("2026 INFO scaler[7]: b'Worker|NAT|x' disconnected", gone()),
            ("2026 INFO scaler[7]: 3 task(s) failed due to worker b'Worker|NAT|x' disconnected", gone()),
            ("2026 INFO scaler[7]: ClientID(Client|x) connected", None),
            ("2026 INFO scaler[7]: ClientID(Client|x) disconnected", None),
            ("2026 INFO scaler[7]: WorkerManager b'wm1' disconnected", None),
        ];
        for (line, expected) in lines {
            assert_eq!(event(line), expected, "{line}");
        }
    }
}
