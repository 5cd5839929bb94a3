//! Any bytes are a result or an error; what is read stands in them as it is, or, under protocol 2, as a text of latin1.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use scaler_wm_agent::payload::read_result;
use scaler_wm_core::TaskOutcome;

fuzz_target!(|data: &[u8]| {
    let pickle = Bytes::copy_from_slice(data);
    let (tag, found) = match read_result(&pickle) {
        Ok(TaskOutcome::Returned(bytes)) => (0, bytes),
        Ok(TaskOutcome::Raised(bytes)) => (1, bytes),
        Ok(TaskOutcome::Failed(error)) => panic!("nothing has failed: {error}"),
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let tagged = [&[tag], &found[..]].concat();
    if data[1] == 2 {
        let text: String = tagged.iter().copied().map(char::from).collect();
        assert!(data.windows(text.len()).any(|part| part == text.as_bytes()));
    } else {
        assert!(data.windows(tagged.len()).any(|part| part == tagged));
        // It is not copied: results can be large.
        assert!(found.is_empty() || pickle.as_ptr_range().contains(&found.as_ptr()));
    }
});
