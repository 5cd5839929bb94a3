//! Points at which a call is held, so that a test can end its manager there.

use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::{Result, until};

/// Where a call is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldPoint {
    /// Nobody has seen it yet.
    Before,
    /// It is done, and its answer is kept back.
    After,
}

/// What becomes of a held call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Release,
    Drop,
}

/// A hold on the next call of an operation. If it goes without a word, the call goes on.
#[derive(Debug)]
pub struct Hold {
    what: String,
    caught: mpsc::Receiver<()>,
    verdict: oneshot::Sender<Verdict>,
}

impl Hold {
    /// Waits until a call is held.
    ///
    /// # Errors
    /// When none came within `seconds`.
    pub fn wait(&self, seconds: f64) -> Result<()> {
        until(&self.what, seconds, || self.caught.try_recv().ok())
    }

    /// Lets the call go on, or gives its answer. If none is held yet, none will be.
    pub fn release(self) {
        // Nobody is there to hear it when the proxy has ended.
        let _ = self.verdict.send(Verdict::Release);
    }

    /// Closes the connection of the call without an answer; if it is held before, it is never made. If none is held yet,
    /// this happens to the next one.
    pub fn drop_it(self) {
        let _ = self.verdict.send(Verdict::Drop);
    }
}

#[derive(Debug)]
struct Armed {
    operation: String,
    point: HoldPoint,
    catches: mpsc::Sender<()>,
    verdict: oneshot::Receiver<Verdict>,
}

/// The holds that wait for a call.
#[derive(Debug, Default)]
pub(super) struct Holds {
    armed: Mutex<Vec<Armed>>,
}

impl Holds {
    pub(super) fn arm(&self, operation: &str, point: HoldPoint) -> Hold {
        let (catches, caught) = mpsc::channel();
        let (sender, verdict) = oneshot::channel();
        let armed = Armed { operation: operation.to_owned(), point, catches, verdict };
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).push(armed);
        let what = format!("{operation} held {}", if point == HoldPoint::Before { "before" } else { "after" });
        Hold { what, caught, verdict: sender }
    }

    /// Holds a call if a hold waits for it. Whether it goes on.
    pub(super) async fn pass(&self, operation: &str, point: HoldPoint) -> bool {
        let armed = {
            let mut all = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
            let at = all.iter().position(|armed| armed.operation == operation && armed.point == point);
            at.map(|at| all.remove(at))
        };
        let Some(armed) = armed else { return true };
        // Whoever armed it may have gone; then so has his end of the verdict.
        let _ = armed.catches.send(());
        armed.verdict.await != Ok(Verdict::Drop)
    }
}
