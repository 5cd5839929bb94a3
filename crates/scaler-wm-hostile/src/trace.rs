//! Recorded workloads: whatever is read is written, and read again.

use scaler_wm_sim::trace::{Trace, Writer};

/// The content of a file.
pub fn trace(bytes: &[u8]) {
    let trace = match Trace::parse("trace", bytes) {
        Ok(trace) => trace,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let mut writer = Writer::new(Vec::new()).expect("memory takes it");
    for task in trace.tasks() {
        writer.add(task).expect("memory takes it");
    }
    let again = Trace::parse("trace", writer.into_inner().as_slice()).expect("it was written by us");
    assert_eq!(again.tasks().len(), trace.tasks().len());
    // Numbers may be rounded in their last digit, and tasks of one instant change places by that.
    let is_near = |one: f64, other: f64| (one - other).abs() <= 1e-12 * one.abs();
    assert!(again.tasks().iter().zip(trace.tasks()).all(|(again, task)| is_near(task.at, again.at)));
}
