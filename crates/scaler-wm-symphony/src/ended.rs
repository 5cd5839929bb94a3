//! What sessions tell, on its way to whoever asks for tasks that have ended.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use scaler_wm_core::Completion;
use tokio::{
    sync::{Mutex as AsyncMutex, Notify},
    time::{Instant, sleep},
};

use crate::{book::SessionKey, ffi::Outcome};

/// To wake somebody takes as long as a task does otherwise. So whoever waits is woken so often within a moment for what has
/// just ended; the rest of it is told together at the moment's end.
const WAKES: u32 = 16;
const MOMENT: Duration = Duration::from_millis(1);

/// Something that was told.
#[derive(Debug)]
pub(crate) enum News {
    /// An output has come. Which task it is of, and whether anybody waits for it, is for the book to say.
    Output { session: SessionKey, id: Box<str>, outcome: Outcome },
    /// A task has ended.
    Ended(Completion),
}

/// A queue that never makes a thread of the library wait.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    told: Mutex<VecDeque<News>>,
    /// There is something where there was nothing.
    filled: Notify,
    taken: AsyncMutex<Taken>,
}

/// What is being handed out.
#[derive(Debug, Default)]
struct Taken {
    /// Empty between two looks; it keeps its room.
    news: VecDeque<News>,
    completions: VecDeque<Completion>,
    /// When this moment has begun, and how often somebody has waited in it.
    since: Option<Instant>,
    waits: u32,
}

impl Ended {
    pub(crate) fn tell(&self, news: News) {
        let mut told = self.told();
        let is_first = told.is_empty();
        told.push_back(news);
        drop(told);
        if is_first {
            self.filled.notify_one();
        }
    }

    /// Puts in order by `read` what was told so far, before the book changes.
    pub(crate) fn settle(&self, read: impl FnOnce(&mut VecDeque<News>, &mut VecDeque<Completion>)) {
        let mut completions = VecDeque::new();
        let mut told = std::mem::take(&mut *self.told());
        read(&mut told, &mut completions);
        completions.into_iter().for_each(|completion| self.tell(News::Ended(completion)));
    }

    /// The next one of those that `read` makes of what was told. Cancel safe: what has ended stays here until it is handed out.
    pub(crate) async fn next(&self, read: impl Fn(&mut VecDeque<News>, &mut VecDeque<Completion>)) -> Completion {
        let mut taken = self.taken.lock().await;
        let taken = &mut *taken;
        loop {
            if let Some(completion) = taken.completions.pop_front() {
                return completion;
            }
            std::mem::swap(&mut taken.news, &mut *self.told());
            if !taken.news.is_empty() {
                read(&mut taken.news, &mut taken.completions);
            } else if taken.may_be_woken() {
                self.filled.notified().await;
            } else {
                sleep(MOMENT).await;
            }
        }
    }

    fn told(&self) -> MutexGuard<'_, VecDeque<News>> {
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
    use scaler_wm_core::{TaskId, TaskOutcome};
    use tokio::time::timeout;

    use super::*;

    fn task(number: u32) -> TaskId {
        TaskId::from(&number.to_le_bytes())
    }

    fn tell(ended: &Ended, number: u32) {
        ended.tell(News::Ended(Completion { task: task(number), outcome: TaskOutcome::Returned(Bytes::new()) }));
    }

    async fn next(ended: &Ended) -> TaskId {
        let read = |news: &mut VecDeque<News>, completions: &mut VecDeque<Completion>| {
            completions.extend(news.drain(..).filter_map(|news| match news {
                News::Ended(completion) => Some(completion),
                News::Output { .. } => None,
            }));
        };
        ended.next(read).await.task
    }

    #[tokio::test(start_paused = true)]
    async fn each_is_handed_out_once_and_in_order_however_many_wake() {
        let ended = Ended::default();
        for number in 0..100 {
            tell(&ended, number);
            assert_eq!(next(&ended).await, task(number));
        }
        (0..100).for_each(|number| tell(&ended, number));
        for number in 0..100 {
            assert_eq!(next(&ended).await, task(number));
        }
        assert!(timeout(Duration::from_secs(1), next(&ended)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_no_longer_takes_nothing_along() {
        let ended = Ended::default();
        for number in 0..100 {
            assert!(timeout(Duration::from_micros(1), next(&ended)).await.is_err());
            tell(&ended, number);
            assert_eq!(next(&ended).await, task(number));
        }
    }

    #[tokio::test]
    async fn threads_are_heard() {
        let ended = Arc::new(Ended::default());
        let teller = Arc::clone(&ended);
        let thread = thread::spawn(move || (0..10_000).for_each(|number| tell(&teller, number)));
        for number in 0..10_000 {
            assert_eq!(next(&ended).await, task(number));
        }
        thread.join().unwrap();
    }
}
