//! Recorded workloads: whatever is read is written, and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scaler_wm_sim::trace::{Trace, Writer};

fuzz_target!(|data: &[u8]| {
    let Ok(trace) = Trace::parse("trace", data) else { return };
    let mut writer = Writer::new(Vec::new()).expect("memory takes it");
    for task in trace.tasks() {
        writer.add(task).expect("memory takes it");
    }
    let again = Trace::parse("trace", writer.into_inner().as_slice()).expect("it was written by us");
    // Numbers may be rounded in their last digit.
    assert_eq!(again.tasks().len(), trace.tasks().len());
});
