//! Failures of the store in the terms of the seam: what kind, and what to do about it.

use std::{io, path::Path};

use scaler_wm_core::{Error, ErrorKind};

/// What the store's failure means for whoever asked for `operation`.
pub(crate) fn stored(operation: &'static str, path: &Path, error: redb::Error) -> Error {
    let file = path.display();
    let (kind, context) = match &error {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
            (ErrorKind::Invalid, format!("another process has it open: {file}; end that one or use another file"))
        }
        redb::Error::Io(error) => return io_failure(operation, path, error),
        redb::Error::PreviousIo | redb::Error::Backend(_) => (ErrorKind::Failed, format!("{file}")),
        redb::Error::UpgradeRequired(_) => {
            (ErrorKind::Invalid, format!("{file} was written by a store too old to read; move it away and start anew"))
        }
        redb::Error::Corrupted(_) | redb::Error::RepairAborted => (ErrorKind::Invalid, damaged(path)),
        redb::Error::TableTypeMismatch { .. }
        | redb::Error::TypeDefinitionChanged { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::TableIsNotMultimap(_) => (ErrorKind::Invalid, not_a_journal(path)),
        _ => (ErrorKind::Failed, format!("{file}")),
    };
    Error::new(kind, operation, context).with_source(error)
}

/// What the operating system's failure means.
pub(crate) fn io_failure(operation: &'static str, path: &Path, error: &io::Error) -> Error {
    let file = path.display();
    let (kind, context) = match error.kind() {
        io::ErrorKind::PermissionDenied => (ErrorKind::Denied, format!("{file} must be readable and writable")),
        io::ErrorKind::NotFound => (ErrorKind::Invalid, format!("the directory of {file} must exist")),
        io::ErrorKind::IsADirectory => (ErrorKind::Invalid, format!("{file} is a directory, name a file")),
        io::ErrorKind::ReadOnlyFilesystem => (ErrorKind::Invalid, format!("{file} must be writable")),
        io::ErrorKind::InvalidData => (ErrorKind::Invalid, not_a_journal(path)),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorKind::Failed, format!("no room left for {file}"))
        }
        _ => (ErrorKind::Failed, format!("{file}")),
    };
    // The original cannot be cloned; its number and text are all there is to it.
    let source = error
        .raw_os_error()
        .map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error);
    Error::new(kind, operation, context).with_source(source)
}

/// The file is of a format that this version does not know.
pub(crate) fn newer_format(path: &Path, format: u64, needs: Option<&str>) -> Error {
    let file = path.display();
    let needed = needs.map_or_else(|| "a newer scaler-wm".to_owned(), |needs| format!("scaler-wm {needs} or later"));
    Error::new(ErrorKind::Invalid, "open the journal", format!("{file} has format {format}, which needs {needed}"))
}

/// The file is a store, but not one of ours.
pub(crate) fn foreign(path: &Path) -> Error {
    Error::new(ErrorKind::Invalid, "open the journal", not_a_journal(path))
}

/// One record cannot be read.
pub(crate) fn corrupt(operation: &'static str, path: &Path, launch: &str, error: serde_json::Error) -> Error {
    let file = path.display();
    let context = format!(
        "the record of launch {launch} in {file} cannot be read; check for units of that launch by hand, then move the \
         file away"
    );
    Error::new(ErrorKind::Invalid, operation, context).with_source(error)
}

/// The thread that writes is no more.
pub(crate) fn ended(operation: &'static str, path: &Path) -> Error {
    Error::new(ErrorKind::Invalid, operation, format!("the thread that writes {} has ended early", path.display()))
}

fn damaged(path: &Path) -> String {
    format!("{} is damaged; check for units left behind by hand, then move the file away", path.display())
}

fn not_a_journal(path: &Path) -> String {
    format!("{} is not a journal of scaler-wm, name another file", path.display())
}
