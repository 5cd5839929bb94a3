//! The loop: observe, plan, act.

/// A worker manager.
#[derive(Debug)]
pub struct Manager;
