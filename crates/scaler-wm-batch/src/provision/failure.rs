//! What the services mean by their errors.

use scaler_wm_core::ErrorKind;

/// The class of an error, where code and message tell it better than the code alone.
pub(super) fn refine(code: &str, message: &str) -> Option<ErrorKind> {
    let words = message.to_ascii_lowercase();
    match code {
        // Answers of S3 to questions without a body, and about parts of a bucket that nobody has set.
        "NotFound" | "NoSuchTagSet" | "NoSuchLifecycleConfiguration" | "NoSuchPublicAccessBlockConfiguration" => {
            Some(ErrorKind::NotFound)
        }
        // It is there already: another process of ours was quicker, or a try whose answer got lost.
        "BucketAlreadyOwnedByYou" | "ResourceAlreadyExistsException" | "RepositoryAlreadyExistsException" => {
            Some(ErrorKind::Conflict)
        }
        _ if code.starts_with("EntityAlreadyExists") => Some(ErrorKind::Conflict),
        "ClientException" | "InvalidParameterValue" if words.contains("already exist") => Some(ErrorKind::Conflict),
        "ClientException" if words.contains("does not exist") || words.contains("not found") => {
            Some(ErrorKind::NotFound)
        }
        // A service is busy with what was asked for a moment ago.
        "OperationAborted" | "OperationAbortedException" | "ConcurrentModification" => Some(ErrorKind::Transient),
        "ConcurrentModificationException" | "EntityTemporarilyUnmodifiable" => Some(ErrorKind::Transient),
        // Something else still needs it.
        "BucketNotEmpty" | "DeleteConflict" | "DeleteConflictException" => Some(ErrorKind::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_and_what_is_not_are_told_apart() {
        for (code, message, kind) in [
            ("NotFound", "", Some(ErrorKind::NotFound)),
            ("EntityAlreadyExistsException", "Role with name x already exists.", Some(ErrorKind::Conflict)),
            ("ClientException", "Object already exists", Some(ErrorKind::Conflict)),
            ("ClientException", "Job queue x does not exist", Some(ErrorKind::NotFound)),
            ("ClientException", "Cannot delete, found existing JobQueue relationship", None),
            ("ConcurrentModification", "", Some(ErrorKind::Transient)),
            ("AccessDenied", "", None),
        ] {
            assert_eq!(refine(code, message), kind, "{code} {message}");
        }
    }
}
