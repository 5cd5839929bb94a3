//! The name under which the program was called.

use std::path::Path;

/// The name under which the program was called: under those of the released commands it behaves as they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// `scaler-wm`, or whatever else it is called.
    Own,
    /// `scaler_worker_manager`: runs one manager.
    WorkerManager,
    /// `scaler`: starts everything in a file.
    Scaler,
}

impl Name {
    pub(super) fn of(called: Option<&str>) -> Self {
        match Path::new(called.unwrap_or_default()).file_name().and_then(|name| name.to_str()) {
            Some("scaler_worker_manager") => Self::WorkerManager,
            Some("scaler") => Self::Scaler,
            _ => Self::Own,
        }
    }

    pub(super) const fn program(self) -> &'static str {
        match self {
            Self::Own => "scaler-wm",
            Self::WorkerManager => "scaler_worker_manager",
            Self::Scaler => "scaler",
        }
    }

    /// Whether keys that nobody knows only warn: the released commands pass over them without a word.
    pub(super) const fn is_lenient(self) -> bool {
        !matches!(self, Self::Own)
    }
}
