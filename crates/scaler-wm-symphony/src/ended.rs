//! Tasks that have ended, on their way to whoever asks for them.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use scaler_wm_core::{Completion, TaskId, TaskOutcome};
use tokio::{
    sync::{Mutex as AsyncMutex, Notify},
    time::{Instant, sleep},
};

/// To wake somebody takes as long as a task does otherwise. So whoever waits is woken so often within a moment for what has
/// just ended; the rest of it is told together at the moment's end.
const WAKES: u32 = 16;
const MOMENT: Duration = Duration::from_millis(1);

/// A queue that never makes a thread of the library wait.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    told: Mutex<VecDeque<Completion>>,
    /// There is something where there was nothing.
    filled: Notify,
    taken: AsyncMutex<Taken>,
}

/// What is being handed out.
#[derive(Debug, Default)]
struct Taken {
    completions: VecDeque<Completion>,
    /// When this moment has begun, and how often somebody has waited in it.
    since: Option<Instant>,
    waits: u32,
}

impl Ended {
    pub(crate) fn tell(&self, task: TaskId, outcome: TaskOutcome) {
        let mut told = self.told();
        let is_first = told.is_empty();
        told.push_back(Completion { task, outcome });
        drop(told);
        if is_first {
            self.filled.notify_one();
        }
    }

    /// The next one. Cancel safe: what has ended stays here until it is handed out.
    pub(crate) async fn next(&self) -> Completion {
        let mut taken = self.taken.lock().await;
        loop {
            if taken.completions.is_empty() {
                // Both keep their room.
                std::mem::swap(&mut taken.completions, &mut *self.told());
            }
            match taken.completions.pop_front() {
                Some(completion) => return completion,
                None if taken.may_be_woken() => self.filled.notified().await,
                None => sleep(MOMENT).await,
            }
        }
    }

    fn told(&self) -> MutexGuard<'_, VecDeque<Completion>> {
        // No change here can stop half-way.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn may_be_woken(&mut self) -> bool {
        let now = Instant::now();
        if self.since.is_none_or(|since| now.duration_since(since) >= MOMENT) {
            (self.since, self.waits) = (Some(now), 0);
        }
        self.waits += 1;
        self.waits <= WAKES
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use bytes::Bytes;
    use tokio::time::timeout;

    use super::*;

    fn task(number: u32) -> TaskId {
        TaskId::from(&number.to_le_bytes())
    }

    fn tell(ended: &Ended, number: u32) {
        ended.tell(task(number), TaskOutcome::Returned(Bytes::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn each_is_handed_out_once_and_in_order_however_many_wake() {
        let ended = Ended::default();
        for number in 0..100 {
            tell(&ended, number);
            assert_eq!(ended.next().await.task, task(number));
        }
        (0..100).for_each(|number| tell(&ended, number));
        for number in 0..100 {
            assert_eq!(ended.next().await.task, task(number));
        }
        assert!(timeout(Duration::from_secs(1), ended.next()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_no_longer_takes_nothing_along() {
        let ended = Ended::default();
        for number in 0..100 {
            assert!(timeout(Duration::from_micros(1), ended.next()).await.is_err());
            tell(&ended, number);
            assert_eq!(ended.next().await.task, task(number));
        }
    }

    #[tokio::test]
    async fn threads_are_heard() {
        let ended = Arc::new(Ended::default());
        let teller = Arc::clone(&ended);
        let thread = thread::spawn(move || (0..10_000).for_each(|number| tell(&teller, number)));
        for number in 0..10_000 {
            assert_eq!(ended.next().await.task, task(number));
        }
        thread.join().unwrap();
    }
}
