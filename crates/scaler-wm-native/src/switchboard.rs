//! The lines to the helpers: to the one that starts workers, and to those whose last workers are leaving.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::helper::{Answer, Helper, How};

/// The lines to the helpers. Each has a number that no other one of this process has.
#[derive(Debug, Default)]
pub(crate) struct Switchboard {
    lines: BTreeMap<u64, Line>,
    /// The line to the helper that starts workers.
    current: Option<u64>,
    /// Questions that have not been answered, with the line that they went out on.
    questions: HashMap<u64, (u64, oneshot::Sender<Answer>)>,
    asked: u64,
    numbered: u64,
}

#[derive(Debug)]
struct Line {
    helper: Helper,
    has_hooks: bool,
}

impl Switchboard {
    /// A helper that starts workers from here on; the number of its line.
    pub(crate) fn add(&mut self, helper: Helper, has_hooks: bool) -> u64 {
        self.numbered += 1;
        self.lines.insert(self.numbered, Line { helper, has_hooks });
        self.current = Some(self.numbered);
        self.numbered
    }

    /// The helper that starts workers, and the number of its line.
    pub(crate) fn current(&self) -> Option<(u64, &Helper)> {
        let number = self.current?;
        Some((number, &self.lines.get(&number)?.helper))
    }

    /// Whether workers of a line can be asked; those of none, as that of the current one.
    pub(crate) fn has_hooks(&self, line: Option<u64>) -> bool {
        line.or(self.current).and_then(|line| self.lines.get(&line)).is_some_and(|line| line.has_hooks)
    }

    /// Puts a question; the answer comes out of the receiver. `None` when that helper is gone.
    pub(crate) fn ask(
        &mut self,
        line: u64,
        unit: &str,
        how: How,
        within: Duration,
    ) -> Option<oneshot::Receiver<Answer>> {
        let (asker, answer) = oneshot::channel();
        self.asked += 1;
        self.lines.get(&line)?.helper.stop_worker(unit, how, within, self.asked);
        self.questions.insert(self.asked, (line, asker));
        Some(answer)
    }

    /// An answer has come.
    pub(crate) fn answered(&mut self, question: u64, answer: Answer) {
        if let Some((_, asker)) = self.questions.remove(&question) {
            // The asker may have given up waiting.
            let _ = asker.send(answer);
        }
    }

    /// A helper has gone; whether it was still needed.
    pub(crate) fn lost(&mut self, line: u64) -> bool {
        self.questions.retain(|_, (its_line, _)| *its_line != line);
        if self.current == Some(line) {
            self.current = None;
        }
        self.lines.remove(&line).is_some()
    }

    /// Lets a helper's workers hand back, and it end after them; the next launch starts another one.
    pub(crate) fn retire(&mut self, line: u64) {
        if self.current == Some(line) {
            self.current = None;
        }
        if let Some(line) = self.lines.get(&line) {
            line.helper.retire();
        }
    }

    /// Kills a helper that does not answer.
    pub(crate) fn kill(&mut self, line: u64) {
        if let Some(line) = self.lines.get_mut(&line) {
            line.helper.kill();
        }
    }

    /// Every helper, to be ended.
    pub(crate) fn take_all(&mut self) -> Vec<Helper> {
        self.current = None;
        std::mem::take(&mut self.lines).into_values().map(|line| line.helper).collect()
    }
}
