//! Waits for what takes its time, and tells how far it is.

use std::time::Duration;

use scaler_wm_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

use super::{Happened, Progress};

/// The wait before the second look, and the longest one.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);
/// What does not change is told again so often.
const TELL_EVERY: Duration = Duration::from_secs(30);

/// A wait for one thing.
pub(super) struct Watch<'a> {
    pub(super) tell: &'a dyn Fn(Progress),
    /// Kind and name of it.
    pub(super) what: String,
    limit: Duration,
    began: Instant,
    wait: Duration,
    told: Option<(Instant, String)>,
}

impl<'a> Watch<'a> {
    /// A wait that is given up after `limit`.
    pub(super) fn new(tell: &'a dyn Fn(Progress), what: String, limit: Duration) -> Self {
        Self { tell, what, limit, began: Instant::now(), wait: FIRST, told: None }
    }

    /// It is not there yet, but `status`: waits a while.
    ///
    /// # Errors
    /// When it has taken too long.
    pub(super) async fn again(&mut self, status: &str) -> Result<()> {
        let now = Instant::now();
        let passed = now - self.began;
        if passed >= self.limit {
            let context = format!(
                "{} is still {status} after {} s; what was made so far is in the state file: run the same command again \
                 to go on",
                self.what,
                self.limit.as_secs()
            );
            return Err(Error::new(ErrorKind::Failed, "wait", context));
        }
        let is_news = |(at, told): &(Instant, String)| told != status || now - *at >= TELL_EVERY;
        if self.told.as_ref().is_none_or(is_news) {
            let detail = format!("{status}, {} s", passed.as_secs());
            (self.tell)(Progress { happened: Happened::Waiting, what: self.what.clone(), detail });
            self.told = Some((now, status.to_owned()));
        }
        sleep(self.wait).await;
        self.wait = (self.wait * 2).min(LONGEST);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_tells_of_changes_and_ends() {
        let told = RefCell::new(Vec::new());
        let tell = |progress: Progress| told.borrow_mut().push(progress.detail);
        let mut watch = Watch::new(&tell, "compute environment x".to_owned(), Duration::from_secs(70));
        watch.again("CREATING").await.unwrap();
        watch.again("CREATING").await.unwrap();
        watch.again("UPDATING").await.unwrap();
        let error = loop {
            if let Err(error) = watch.again("UPDATING").await {
                break error.to_string();
            }
        };
        assert!(error.contains("compute environment x is still UPDATING after 70 s"), "{error}");
        let told = told.borrow();
        assert_eq!(told[..2], ["CREATING, 0 s", "UPDATING, 1 s"]);
        assert_eq!(told.len(), 4, "once every half minute: {told:?}");
    }
}
