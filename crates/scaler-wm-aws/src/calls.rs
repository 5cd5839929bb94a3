//! How many calls were made, for metrics and tests.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use scaler_wm_core::ErrorKind;

/// Calls of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCount {
    /// Tries that were sent.
    pub sent: u64,
    /// Those that failed, throttled ones included.
    pub failed: u64,
    /// Those that were throttled.
    pub throttled: u64,
}

/// Counts calls by operation. A clone counts into the same place.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<&'static str, CallCount>>>);

impl Calls {
    /// Takes note of one try.
    pub(crate) fn note(&self, operation: &'static str, failure: Option<ErrorKind>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(operation).or_default();
        count.sent += 1;
        count.failed += u64::from(failure.is_some());
        count.throttled += u64::from(failure == Some(ErrorKind::Throttled));
    }

    /// The calls of one operation so far, by its name in the API, such as `RunTask`.
    #[must_use]
    pub fn of(&self, operation: &str) -> CallCount {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(operation).copied().unwrap_or_default()
    }

    /// All calls so far, by operation.
    #[must_use]
    pub fn all(&self) -> Vec<(&'static str, CallCount)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(operation, count)| (*operation, *count)).collect()
    }
}
