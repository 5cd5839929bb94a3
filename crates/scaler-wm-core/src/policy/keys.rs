//! The keys of a policy string that belong to one of its policies.

use std::time::Duration;

use super::PolicyError;

/// Keys with their values, until somebody takes them.
#[derive(Debug)]
pub(super) struct Keys<'a>(pub(super) Vec<(&'a str, &'a str)>);

impl Keys<'_> {
    /// Takes a number of seconds above 0, if it is given.
    pub(super) fn seconds(&mut self, key: &'static str) -> Result<Option<Duration>, PolicyError> {
        let Some(at) = self.0.iter().rposition(|(known, _)| *known == key) else { return Ok(None) };
        let (_, given) = self.0.remove(at);
        self.0.retain(|(known, _)| *known != key);
        let seconds = given.parse().ok().filter(|seconds| *seconds > 0.0);
        match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).filter(|time| !time.is_zero()) {
            Some(time) => Ok(Some(time)),
            None => Err(PolicyError::Seconds { key, given: given.to_owned() }),
        }
    }
}
