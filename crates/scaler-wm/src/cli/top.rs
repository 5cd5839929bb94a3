//! `top`: which manager is watched.

use clap::Command;

use super::{
    Call, command,
    ctl::{of_whom, which, whom},
    matches,
};
use crate::exit::Failure;

const HELP: &str = concat!(
    which!(),
    "
It shows what `scaler-wm ctl status`, `units`, `explain` and `events` tell, anew
every second: units wanted and there, over time since it began; every unit; why
there are not more or fewer; the last decisions and events. It changes nothing.
When the manager goes, it says so, asks on, and goes on when one is back.

Keys:
  q, Esc, Ctrl-C    end
  Tab, Shift-Tab    the next part, the one before: units, why, events
  Up, Down, PageUp, PageDown, Home, End
                    scroll in that part
  Left, Right       the manager before, the next one, where there are several
  s                 sort units: by state, tasks, age, name
  p                 pause, go on
  ?                 what keys and words mean

A terminal of 80 columns and 24 lines shows it all, a smaller one a part at a
time. NO_COLOR=1 leaves colours out; nothing is told by colour alone. Without a
UTF-8 locale it is drawn in ASCII.

Exit codes:
    0  ended by a key, or by SIGINT, SIGTERM or SIGHUP
    1  the manager does not answer at the start, or the terminal is gone
    2  wrong flag, or no terminal; `scaler-wm ctl status --json` needs none

Examples:
  scaler-wm top
  scaler-wm top --manager local
  ssh -t box7 scaler-wm top
  scaler-wm top --address box7:9465 --ca ca.pem --token-file token
"
);

/// The command line of `top`.
pub(super) fn command() -> Command {
    command::base("scaler-wm top")
        .about("Watches a manager that runs, live in the terminal")
        .override_usage("scaler-wm top [--manager ID | --socket PATH | --address HOST:PORT]")
        // There is nothing below it to which they could go on.
        .args(of_whom().map(|flag| flag.global(false)))
        .after_help(HELP)
}

/// Reads what follows `top`.
pub(super) fn top(arguments: &[String]) -> Result<Call, Failure> {
    Ok(Call::Top(whom(&matches(command(), &[], arguments)?)))
}
