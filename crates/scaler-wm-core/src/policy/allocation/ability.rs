//! What workers can do, as far as capabilities decide where tasks go.

use crate::Capabilities;

/// What is known of a worker.
#[derive(Clone, Debug)]
pub(super) struct Ability {
    pub(super) capabilities: Capabilities,
    pub(super) queue_size: usize,
}
