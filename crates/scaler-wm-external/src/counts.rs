//! How many calls were made and how long they took, for metrics.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use scaler_wm_core::{ErrorKind, control::CallFigures};

/// Counts calls by operation.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<&'static str, CallFigures>>);

impl Counts {
    pub(crate) fn note(&self, operation: &'static str, took: Duration, failure: Option<ErrorKind>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let figures = counts.entry(operation).or_insert_with(|| CallFigures { operation, ..CallFigures::default() });
        figures.sent += 1;
        figures.seconds.add(took);
        if let Some(kind) = failure {
            *figures.failed.entry(kind).or_default() += 1;
        }
    }

    pub(crate) fn figures(&self) -> Vec<CallFigures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
