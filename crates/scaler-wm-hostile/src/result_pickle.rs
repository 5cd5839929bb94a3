//! Any bytes are a result or an error; what is read stands in them as it is, or, under protocol 2, as a text of latin1.

use bytes::Bytes;
use scaler_wm_agent::payload::read_result;
use scaler_wm_core::TaskOutcome;

/// What a worker has stored as a result.
pub fn result_pickle(bytes: &[u8]) {
    let pickle = Bytes::copy_from_slice(bytes);
    let (tag, found) = match read_result(&pickle) {
        Ok(TaskOutcome::Returned(found)) => (0, found),
        Ok(TaskOutcome::Raised(found)) => (1, found),
        Ok(TaskOutcome::Failed(error) | TaskOutcome::Again(error)) => panic!("nothing has failed: {error}"),
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let tagged = [&[tag], &found[..]].concat();
    if bytes[1] == 2 {
        let text: String = tagged.iter().copied().map(char::from).collect();
        assert!(bytes.windows(text.len()).any(|part| part == text.as_bytes()));
    } else {
        assert!(bytes.windows(tagged.len()).any(|part| part == tagged));
        // It is not copied: results can be large.
        assert!(found.is_empty() || pickle.as_ptr_range().contains(&found.as_ptr()));
    }
}
