//! Waiting for events with a deadline.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::{Failure, Result};

/// How often a condition is looked at: short against everything that is measured, long against its own cost.
const STEP: Duration = Duration::from_millis(10);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes every present and future wait fail, so that the program unwinds and cleans up (Ctrl-C).
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Whether [`interrupt`] was called.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Seconds since the epoch, as the client scripts tell times.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// The instant `seconds` from now.
pub fn deadline(seconds: f64) -> Instant {
    Instant::now() + Duration::from_secs_f64(seconds)
}

/// Waits until `look` gives a value, at most `seconds`. `what` completes the sentence "failed to see …".
///
/// # Errors
/// When the time is over or the program was interrupted.
pub fn until<T>(what: &str, seconds: f64, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let end = deadline(seconds);
    loop {
        if let Some(value) = look() {
            return Ok(value);
        }
        if is_interrupted() {
            return Err(Failure::new(format!("see {what}"), "interrupted"));
        }
        if Instant::now() >= end {
            return Err(Failure::new(format!("see {what}"), format!("it did not happen within {seconds} s")));
        }
        thread::sleep(STEP);
    }
}
