//! Becomes a command of the package that does not outlive `up`.

use std::{os::unix::process::CommandExt, process::Command};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

use crate::exit::Failure;

/// Lets the kernel send a signal when the process that started this one goes, whatever becomes of it, and becomes the
/// command. Arguments: the starter's pid, the signal's number, the program, its arguments.
///
/// # Errors
/// When the starter is gone already, or the program cannot be run; otherwise it does not return.
pub(crate) fn become_part(arguments: &[String]) -> Result<(), Failure> {
    let [parent, signal, program, arguments @ ..] = arguments else {
        return Err(Failure::Usage("this is how `scaler-wm up` starts its parts; run that".to_owned()));
    };
    let signal = if *signal == Signal::TERM.as_raw().to_string() { Signal::TERM } else { Signal::KILL };
    set_parent_process_death_signal(Some(signal)).map_err(Failure::running)?;
    // It may have gone before the kernel was asked.
    if getppid().map(Pid::as_raw_pid).map(|pid| pid.to_string()).as_ref() != Some(parent) {
        return Err(Failure::Running("the process that started this one is gone".to_owned()));
    }
    let error = Command::new(program).args(arguments).exec();
    Err(Failure::Running(format!("failed to run {program}: {error}")))
}
