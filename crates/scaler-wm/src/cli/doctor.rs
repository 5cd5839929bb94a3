//! `doctor`: of which managers, and what to do about what is found.

use super::{
    Call, ManagerCall, Name, StackCall, backends, command, every_option, manager_of, matches, stack_of, type_first,
    with_short,
};
use crate::exit::Failure;

/// What is compared, and what is deleted.
pub(super) const HELP: &str = "\
What is out there under a manager's tags is compared with its record: that of
the manager that runs, else the one in its state folder. The file, or the type
with its flags, are those with which the manager is run: they say where to look,
and under which id. While this runs, no manager with that id starts.

A line for each: ok or amiss, what it is, its age, how it stands with it.
  units and tasks   that are on no record, or whose manager does not run
  things for units  that nothing uses: key pairs, security groups, objects
  open launches     of which nobody knows what came
  records, sockets  of what is gone

--delete takes away only what bears the tags and the id of this manager, and
leaves alone what a manager that runs has on record. Units go first, then tasks,
what they stood on, and records. What waits for the next manager goes, too: to
have it managed again, start the manager instead.

Exit codes:
    0  nothing is amiss
    1  something is amiss, or could not be looked at or deleted
    2  wrong flag, file or environment: nothing was looked at

Examples:
  scaler-wm doctor config.toml
  scaler-wm doctor baremetal_native tcp://127.0.0.1:8516 --delete
  scaler-wm doctor config.toml --json | jq '.managers[].findings[] | .says'
";

/// A look at what managers have left.
#[derive(Debug)]
pub(crate) struct DoctorCall {
    /// Of which managers.
    pub(crate) of: DoctorOf,
    /// Whether it is told as JSON.
    pub(crate) json: bool,
    /// Whether what can go is to be deleted.
    pub(crate) delete: bool,
    /// Whether nobody is asked first.
    pub(crate) yes: bool,
}

/// Of which managers.
#[derive(Debug)]
pub(crate) enum DoctorOf {
    /// One.
    Manager(ManagerCall),
    /// Those of a file.
    Stack(StackCall),
}

/// Reads what follows `doctor`.
pub(super) fn doctor(arguments: &[String]) -> Result<Call, Failure> {
    let arguments = type_first(arguments.to_vec());
    let kind = arguments.split_first().and_then(|(first, flags)| Some((backends::find(first)?, flags)));
    let (of, matches) = match kind {
        Some((kind, flags)) => {
            let program = format!("scaler-wm doctor {}", kind.section.name);
            let declared: Vec<_> = kind.section.declared().collect();
            let command = command::doctor(command::manager(&program, kind.section));
            let matches = matches(command, &declared, flags)?;
            (DoctorOf::Manager(manager_of(&matches, Name::Own, kind)), matches)
        }
        None => {
            let command = command::doctor(command::stack("scaler-wm doctor", &every_option()));
            let matches = matches(command, &with_short(), &arguments)?;
            (DoctorOf::Stack(stack_of(&matches, Name::Own)), matches)
        }
    };
    let [json, delete, yes] = [command::JSON, command::DELETE, command::YES].map(|flag| matches.get_flag(flag));
    if yes && !delete {
        let problem = "--yes answers the question of --delete: give that besides, or neither";
        return Err(Failure::Usage(problem.to_owned()));
    }
    Ok(Call::Doctor(DoctorCall { of, json, delete, yes }))
}
