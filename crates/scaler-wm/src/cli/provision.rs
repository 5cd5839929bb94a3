//! `aws_hpc provision` and its like: which action, with which values.

use scaler_wm_core::options::{Values, resolve};
use scaler_wm_options::{AWS_HPC, Section, provision::Action};

use super::{Call, command, found, matches};
use crate::exit::Failure;

/// Something to do with what `aws_hpc` needs in AWS.
#[derive(Debug)]
pub(crate) struct ProvisionCall {
    /// What.
    pub(crate) action: Action,
    /// Every flag of the action, checked.
    #[cfg_attr(not(feature = "provision"), expect(dead_code, reason = "such a build only tells what is missing"))]
    pub(crate) values: Values,
}

/// The action that these words ask for, with its flags; nothing where they are those of a manager.
pub(super) fn action<'a>(section: &Section, words: &'a [String]) -> Option<(Action, &'a [String])> {
    let (word, flags) = words.split_first()?;
    let found = Action::ALL.into_iter().find(|action| action.word() == word);
    found.filter(|_| section.name == AWS_HPC.name).map(|action| (action, flags))
}

/// Reads the flags of an action.
pub(super) fn provision(program: &str, action: Action, flags: &[String]) -> Result<Call, Failure> {
    let program = format!("{program} {} {}", AWS_HPC.name, action.word());
    let specs: Vec<_> = action.options().map(|(spec, _)| spec).collect();
    let matches = matches(command::provision(&program, action), &specs, flags)?;
    let given: Vec<_> = specs.iter().filter_map(|spec| found(spec, spec.flag(), &matches)).collect();
    Ok(Call::Provision(ProvisionCall { action, values: resolve(&specs, &given, |_| None, &[])? }))
}

#[cfg(not(feature = "provision"))]
impl ProvisionCall {
    /// Why this build cannot do it, and what brings what is missing.
    pub(crate) fn what_is_missing(&self) -> String {
        format!(
            "this build has no `{} {}`: it needs the feature `provision`; run `cargo install scaler-wm --features provision`",
            AWS_HPC.name,
            self.action.word()
        )
    }
}
