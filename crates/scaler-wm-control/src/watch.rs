//! Readers of events: each is a number, and nothing is kept for it.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use scaler_wm_core::control::{Control, Event, Missed};
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio_stream::Stream;
use tonic::{Status, metadata::MetadataValue};

use crate::{convert, v1};

/// The most readers of one process.
pub const MOST_WATCHERS: usize = 10_000;
/// Events that are taken at once. What is taken is kept for a reader, so it is few.
const BATCH: usize = 8;
/// The metadata by which a reader that was cut off is told from which number on events are kept.
pub const FIRST_KEPT: &str = "scaler-wm-first-kept";

/// Of the whole process, however many listeners it has.
static WATCHERS: Semaphore = Semaphore::const_new(MOST_WATCHERS);

/// A place for one reader.
///
/// # Errors
/// When there is none left.
pub(crate) fn place_of_watcher() -> Result<SemaphorePermit<'static>, Status> {
    WATCHERS.try_acquire().map_err(|_| {
        Status::resource_exhausted(format!("{MOST_WATCHERS} watch already, which is the most; end one of them"))
    })
}

/// Begins to tell the events of a manager.
///
/// # Errors
/// When too many watch already.
pub(crate) fn watch(control: Control, after: Option<u64>, is_over: watch::Receiver<bool>) -> Result<Watching, Status> {
    let place = place_of_watcher()?;
    let mut news = control.events().watch();
    let last = *news.borrow_and_update();
    // 0 asks for all that are kept, and whatever has been lost before is no loss to somebody who never had it.
    let after = match after {
        None => last,
        Some(0) => control.events().latest(usize::MAX).first().map_or(0, |first| first.sequence - 1),
        Some(after) => after,
    };
    Ok(Watching {
        news: waiting(news, is_over),
        after,
        batch: VecDeque::new(),
        state: State::Open,
        control,
        _place: place,
    })
}

type Channels = (watch::Receiver<u64>, watch::Receiver<bool>);
type News = Pin<Box<dyn Future<Output = Option<Channels>> + Send>>;

/// Waits until there is a newer event; `None` when there will be none.
fn waiting(mut news: watch::Receiver<u64>, mut is_over: watch::Receiver<bool>) -> News {
    Box::pin(async move {
        tokio::select! {
            // Cancel safe, both, by contract.
            changed = news.changed() => if changed.is_err() { return None },
            _ = is_over.wait_for(|is_over| *is_over) => return None,
        }
        Some((news, is_over))
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Nothing will come that is not there already.
    Last,
    Over,
}

/// The events of one manager, as they happen.
pub(crate) struct Watching {
    control: Control,
    news: News,
    /// The last one that was told.
    after: u64,
    batch: VecDeque<Arc<Event>>,
    state: State,
    _place: SemaphorePermit<'static>,
}

impl Stream for Watching {
    type Item = Result<v1::Event, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.state == State::Over {
                return Poll::Ready(None);
            }
            if let Some(event) = self.batch.pop_front() {
                self.after = event.sequence;
                let event = convert::event(self.control.manager().as_str(), &event);
                return Poll::Ready(Some(Ok(event)));
            }
            match self.control.events().after(self.after, BATCH) {
                Ok(events) if !events.is_empty() => self.batch = events.into(),
                Ok(_) if self.state == State::Last => self.state = State::Over,
                Ok(_) => match ready!(self.news.as_mut().poll(context)) {
                    Some((news, is_over)) => self.news = waiting(news, is_over),
                    None => self.state = State::Last,
                },
                Err(missed) => {
                    self.state = State::Over;
                    return Poll::Ready(Some(Err(cut_off(self.after, missed))));
                }
            }
        }
    }
}

fn cut_off(after: u64, Missed { first_kept }: Missed) -> Status {
    let lost = first_kept - after - 1;
    let mut status = Status::data_loss(format!(
        "read too slowly: {lost} events after {after} are not kept any more; go on after {}, or after 0 for all that are",
        first_kept - 1
    ));
    status.metadata_mut().insert(FIRST_KEPT, MetadataValue::from(first_kept));
    status
}
