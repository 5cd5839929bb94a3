//! What the scheduler was told and may not have heard, without any input or output.
//!
//! Nothing on the wire says that a message has arrived. But messages of one connection are taken in order, and a heartbeat is
//! answered: what was sent before it has arrived when its echo comes. Until then it is kept, and told again on the next
//! connection. A scheduler that hears of a result twice takes no notice (read off releases 2.6.0 and 2.9.0).

use std::collections::VecDeque;

use scaler_wm_core::TaskId;
use scaler_wm_wire::Message;

/// The most answers to cancels that are kept. Beyond it they are told once, and not again on the next connection.
const MOST_ANSWERS: usize = 100_000;

#[derive(Debug)]
struct Told {
    /// How many heartbeats went out before it.
    beats: u64,
    messages: Vec<Message>,
    /// The task that is over with it.
    task: Option<TaskId>,
}

/// What the scheduler was told and may not have heard.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    told: VecDeque<Told>,
    beats: u64,
    /// How many of these are no task's.
    answers: usize,
}

impl Outbox {
    /// These go out now; `task` is over once they have arrived.
    pub(super) fn tell(&mut self, messages: Vec<Message>, task: Option<TaskId>) {
        if task.is_none() {
            if self.answers >= MOST_ANSWERS {
                return;
            }
            self.answers += 1;
        }
        self.told.push_back(Told { beats: self.beats, messages, task });
    }

    /// A heartbeat goes out.
    pub(super) const fn beat(&mut self) {
        self.beats += 1;
    }

    /// The last heartbeat was answered: what went out before it has arrived. Returns the tasks that are over with it.
    pub(super) fn echoed(&mut self) -> Vec<TaskId> {
        let arrived = self.told.iter().take_while(|told| told.beats < self.beats).count();
        self.take(arrived)
    }

    /// All of it again, for a new connection.
    pub(super) fn again(&self) -> impl Iterator<Item = &Message> {
        self.told.iter().flat_map(|told| &told.messages)
    }

    /// All of it has arrived, or is of no use to anybody. Returns the tasks that are over with it.
    pub(super) fn clear(&mut self) -> Vec<TaskId> {
        self.take(self.told.len())
    }

    fn take(&mut self, count: usize) -> Vec<TaskId> {
        let tasks: Vec<TaskId> = self.told.drain(..count).filter_map(|told| told.task).collect();
        self.answers -= count - tasks.len();
        tasks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(outbox: &mut Outbox, name: &str) {
        outbox.tell(vec![Message::WorkerManagerHeartbeatEcho], Some(TaskId::from(name)));
    }

    #[test]
    fn answers_to_cancels_are_kept_up_to_a_bound_and_results_always() {
        let mut outbox = Outbox::default();
        for _ in 0..MOST_ANSWERS + 5 {
            outbox.tell(vec![Message::WorkerManagerHeartbeatEcho], None);
        }
        told(&mut outbox, "a");
        assert_eq!(outbox.again().count(), MOST_ANSWERS + 1);
        outbox.beat();
        assert_eq!((outbox.echoed(), outbox.answers), (vec![TaskId::from("a")], 0));
    }

    #[test]
    fn an_echo_confirms_what_went_out_before_its_heartbeat() {
        let mut outbox = Outbox::default();
        told(&mut outbox, "a");
        assert!(outbox.echoed().is_empty(), "no heartbeat went out");
        outbox.beat();
        told(&mut outbox, "b");
        assert_eq!(outbox.echoed(), [TaskId::from("a")]);
        assert_eq!(outbox.again().count(), 1);
        outbox.beat();
        told(&mut outbox, "c");
        assert_eq!(outbox.echoed(), [TaskId::from("b")]);
        assert_eq!(outbox.clear(), [TaskId::from("c")]);
        assert_eq!(outbox.again().count(), 0);
    }
}
