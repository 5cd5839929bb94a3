//! Enumerations in JSON: their names without what they all begin with.

use serde::Serializer;

use crate::v1::{Stage, UnitState};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde hands it over")]
pub(crate) fn stage<S: Serializer>(number: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(stage_word(*number))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde hands it over")]
pub(crate) fn unit_state<S: Serializer>(number: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(unit_state_word(*number))
}

/// The stage of a manager, in a word.
#[must_use]
pub fn stage_word(number: i32) -> &'static str {
    match Stage::try_from(number) {
        Ok(Stage::Starting) => "starting",
        Ok(Stage::Running) => "running",
        Ok(Stage::Ending) => "ending",
        Ok(Stage::Unspecified) | Err(_) => "unknown",
    }
}

/// The state of a unit, in a word.
#[must_use]
pub fn unit_state_word(number: i32) -> &'static str {
    match UnitState::try_from(number) {
        Ok(UnitState::Starting) => "starting",
        Ok(UnitState::Up) => "up",
        Ok(UnitState::Idle) => "idle",
        Ok(UnitState::Busy) => "busy",
        Ok(UnitState::Draining) => "draining",
        Ok(UnitState::Stopping) => "stopping",
        Ok(UnitState::Running) => "running",
        Ok(UnitState::Unspecified) | Err(_) => "unknown",
    }
}
