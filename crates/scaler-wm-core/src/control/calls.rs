//! How many calls of an infrastructure were made and how long they took, for metrics and tests.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::CallFigures;
use crate::ErrorKind;

/// Calls of one operation, as tests count them.
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
pub struct Calls(Arc<Mutex<BTreeMap<&'static str, CallFigures>>>);

impl Calls {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, CallFigures>> {
        // Counts that stand for themselves: whoever panicked left nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of one try, of how long it took, and of how it failed if it did.
    pub fn note(&self, operation: &'static str, took: Duration, failure: Option<ErrorKind>) {
        let mut calls = self.lock();
        let figures = calls.entry(operation).or_insert_with(|| CallFigures { operation, ..CallFigures::default() });
        figures.sent += 1;
        figures.seconds.add(took);
        if let Some(kind) = failure {
            *figures.failed.entry(kind).or_default() += 1;
        }
    }

    /// The calls of one operation so far, by its name in the API, such as `RunTask`.
    #[must_use]
    pub fn of(&self, operation: &str) -> CallCount {
        let count = |figures: &CallFigures| CallCount {
            sent: figures.sent,
            failed: figures.failed.values().sum(),
            throttled: figures.failed.get(&ErrorKind::Throttled).copied().unwrap_or_default(),
        };
        self.lock().get(operation).map(count).unwrap_or_default()
    }

    /// All calls so far, by operation.
    #[must_use]
    pub fn figures(&self) -> Vec<CallFigures> {
        self.lock().values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_counted_by_operation_and_class() {
        let calls = Calls::default();
        calls.note("RunTask", Duration::from_millis(20), Some(ErrorKind::Throttled));
        calls.note("RunTask", Duration::from_millis(30), Some(ErrorKind::Transient));
        calls.note("RunTask", Duration::from_millis(50), None);
        assert_eq!(calls.of("RunTask"), CallCount { sent: 3, failed: 2, throttled: 1 });
        assert_eq!(calls.of("StopTask"), CallCount::default());
        let figures = calls.figures();
        assert_eq!(figures.len(), 1);
        assert_eq!(figures[0].failed, BTreeMap::from([(ErrorKind::Throttled, 1), (ErrorKind::Transient, 1)]));
        assert_eq!(figures[0].seconds.count(), 3);
        assert!((figures[0].seconds.sum() - 0.1).abs() < 1e-9);
    }
}
