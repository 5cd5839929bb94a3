//! `preflight`: a file, or one manager, and how it is told.

use super::{
    Call, ManagerCall, Name, StackCall, backends, command, manager_of, matches, stack_of, type_first, with_short,
};
use crate::exit::Failure;

/// What is to be looked at.
#[derive(Debug)]
pub(crate) struct PreflightCall {
    /// What it is of.
    pub(crate) of: PreflightOf,
    /// Whether it is told as JSON.
    pub(crate) is_json: bool,
}

/// What `preflight` looks at.
#[derive(Debug)]
pub(crate) enum PreflightOf {
    /// One manager.
    Manager(ManagerCall),
    /// Everything in a file.
    File(StackCall),
}

/// Reads what follows `preflight`.
pub(super) fn preflight(arguments: &[String]) -> Result<Call, Failure> {
    let arguments = type_first(arguments.to_vec());
    let kind = arguments.split_first().and_then(|(first, flags)| Some((backends::find(first)?, flags)));
    let (of, matches) = match kind {
        Some((kind, flags)) => {
            let program = format!("scaler-wm preflight {}", kind.section.name);
            let declared: Vec<_> = kind.section.declared().collect();
            let command = command::preflight(command::manager(&program, kind.section));
            let matches = matches(command, &declared, flags)?;
            (PreflightOf::Manager(manager_of(&matches, Name::Own, kind)), matches)
        }
        None => {
            let command = command::preflight(command::stack("scaler-wm preflight", &super::every_option()));
            let matches = matches(command, &with_short(), &arguments)?;
            (PreflightOf::File(stack_of(&matches, Name::Own)), matches)
        }
    };
    Ok(Call::Preflight(PreflightCall { of, is_json: matches.get_flag(command::JSON) }))
}
