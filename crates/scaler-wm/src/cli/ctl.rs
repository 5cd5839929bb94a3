//! `ctl`: what a manager that runs is asked or told.

use std::{path::PathBuf, time::Duration};

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Call, command};
use crate::exit::Failure;

const MANAGER: &str = "manager";
const SOCKET: &str = "socket";
const ADDRESS: &str = "address";
const CA: &str = "ca";
const CERT: &str = "cert";
const KEY: &str = "key";
const TOKEN_FILE: &str = "token-file";
const JSON: &str = "json";
const FOLLOW: &str = "follow";
const AFTER: &str = "after";
const MINIMUM: &str = "minimum";
const MAXIMUM: &str = "maximum";
const PIN: &str = "pin";
const FOR: &str = "for";
const CLEAR: &str = "clear";
const UNIT: &str = "UNIT";

/// Which manager is meant, in words.
macro_rules! which {
    () => {
        "\
Which manager: the one of --manager, found by its socket in the state folder
of this user; else the only one of this user that runs. --socket names another
socket, and --address a place over TCP, as its --control-address says.
"
    };
}
#[cfg(feature = "top")]
pub(super) use which;

const HELP: &str = concat!(
    which!(),
    "\
`status` without --manager tells of every one that runs.

Exit codes:
    0  done
    1  the manager does not answer, or does not do it; it says why
    2  wrong flag

Examples:
  scaler-wm ctl status
  scaler-wm ctl explain --manager local
  scaler-wm ctl limits --minimum 2 --for 2h
  scaler-wm ctl events --follow --json | jq .text
  scaler-wm ctl status --address box7:9465 --ca ca.pem --token-file token
"
);

/// What a manager that runs is asked or told.
#[derive(Debug)]
pub(crate) struct CtlCall {
    /// Which.
    pub(crate) whom: Whom,
    /// Whether the answer is JSON.
    pub(crate) json: bool,
    /// What.
    pub(crate) what: Ask,
}

/// Which manager, and where it is.
#[derive(Debug)]
pub(crate) struct Whom {
    /// Its id; else the only one.
    pub(crate) manager: Option<String>,
    /// Where it is.
    pub(crate) place: Place,
}

/// Where a manager is.
#[derive(Debug)]
pub(crate) enum Place {
    /// Wherever it is found by its name.
    ByName,
    /// At this socket.
    Socket(PathBuf),
    /// Over TCP.
    Address {
        /// As HOST:PORT.
        address: String,
        /// Authorities of its certificate; plain text without.
        ca: Option<PathBuf>,
        /// A certificate and its key, to be shown.
        identity: Option<(PathBuf, PathBuf)>,
        /// The file of a token, to be sent.
        token: Option<PathBuf>,
    },
}

/// What it is asked or told.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    /// How it stands.
    Status,
    /// Its units.
    Units,
    /// What happened.
    Events {
        /// Whether to go on as things happen.
        follow: bool,
        /// From which number on.
        after: Option<u64>,
    },
    /// Why.
    Explain,
    /// Bounds; all of them none to take them back.
    Limits(Option<Limits>),
    /// To let a unit, or all of them, go.
    Drain(Option<String>),
    /// To take that back.
    Undrain(Option<String>),
    /// To end a unit.
    Stop(String),
    /// To end.
    Shutdown,
}

/// Bounds, and for how long.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) minimum: Option<u32>,
    pub(crate) maximum: Option<u32>,
    pub(crate) pinned: Option<u32>,
    pub(crate) within: Option<Duration>,
}

/// The command line of `ctl`.
pub(super) fn command() -> Command {
    let unit = |is_required: bool, help: &'static str| Arg::new(UNIT).required(is_required).help(help);
    let of = |name: &'static str, about: &'static str| {
        Command::new(name).about(about).bin_name(format!("scaler-wm ctl {name}")).disable_help_subcommand(true)
    };
    let number = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("N").value_parser(clap::value_parser!(u32)).help(help)
    };
    command::base("scaler-wm ctl")
        .about("Watches a manager that runs, asks it why, and tells it what to do")
        .override_usage("scaler-wm ctl COMMAND [UNIT] [--manager ID] [--json]")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommands([
            of("status", "How managers stand: units wanted, there, on the way out; back-off"),
            of("units", "Every unit: state, age, tasks, tier"),
            of("events", "What happened last; --follow goes on as things happen").args([
                Arg::new(FOLLOW).long(FOLLOW).short('f').action(ArgAction::SetTrue).help("Go on as things happen."),
                Arg::new(AFTER)
                    .long(AFTER)
                    .value_name("N")
                    .value_parser(clap::value_parser!(u64))
                    .help("Only events after this number, such as the last one that you have."),
            ]),
            of("explain", "Why there are as many units as there are, and why not more or fewer"),
            of("limits", "Sets bounds on the number of units; they go with the process").args([
                number(MINIMUM, "At least so many, although fewer are wanted."),
                number(MAXIMUM, "At most so many, although more are wanted."),
                number(PIN, "Exactly so many, whatever is wanted.").conflicts_with_all([MINIMUM, MAXIMUM]),
                Arg::new(FOR).long(FOR).value_name("TIME").help("For so long: 90, 90s, 15m or 2h. Else until cleared."),
                Arg::new(CLEAR)
                    .long(CLEAR)
                    .action(ArgAction::SetTrue)
                    .conflicts_with_all([MINIMUM, MAXIMUM, PIN, FOR])
                    .help("Take them back."),
            ]),
            of("drain", "Lets one unit, or all of them, finish what runs and go").arg(unit(false, "Only this one.")),
            of("undrain", "Takes that back").arg(unit(false, "Only this one.")),
            of("stop", "Ends a unit at once: what runs in it runs again elsewhere").arg(unit(true, "Which one.")),
            of("shutdown", "Ends the manager, as a signal would"),
        ])
        .args(of_whom())
        .arg(
            Arg::new(JSON)
                .long(JSON)
                .action(ArgAction::SetTrue)
                .global(true)
                .overrides_with(JSON)
                .help("JSON instead of tables."),
        )
        .after_help(HELP)
}

/// The flags that say which manager is meant.
pub(super) fn of_whom() -> [Arg; 7] {
    let path = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).global(true).overrides_with(name).help(help)
    };
    [
        path(MANAGER, "ID", "The manager, by its worker_manager_id.").short('m'),
        path(SOCKET, "PATH", "Its socket.").conflicts_with(ADDRESS),
        path(ADDRESS, "HOST:PORT", "Where it listens over TCP."),
        path(CA, "FILE", "Authorities (PEM) of its certificate; for TLS.").requires(ADDRESS),
        path(CERT, "FILE", "Certificate (PEM) to show it.").requires(KEY).requires(CA),
        path(KEY, "FILE", "Private key (PEM) of --cert.").requires(CERT),
        path(TOKEN_FILE, "FILE", "File with the token to send.").requires(ADDRESS),
    ]
}

/// Which manager is meant.
pub(super) fn whom(matches: &ArgMatches) -> Whom {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let file = |name: &str| text(name).map(PathBuf::from);
    let place = match (file(SOCKET), text(ADDRESS)) {
        (Some(socket), _) => Place::Socket(socket),
        (None, Some(address)) => {
            Place::Address { address, ca: file(CA), identity: file(CERT).zip(file(KEY)), token: file(TOKEN_FILE) }
        }
        (None, None) => Place::ByName,
    };
    Whom { manager: text(MANAGER), place }
}

/// Reads what follows `ctl`.
pub(super) fn ctl(arguments: &[String]) -> Result<Call, Failure> {
    let all = std::iter::once("scaler-wm ctl".to_owned()).chain(arguments.iter().cloned());
    let matches = command().try_get_matches_from(all).map_err(|error| Failure::Clap(error.into()))?;
    let Some((name, own)) = matches.subcommand() else { return Err(Failure::Usage("ctl needs a command".to_owned())) };
    let unit = || own.get_one::<String>(UNIT).cloned();
    let what = match name {
        "status" => Ask::Status,
        "units" => Ask::Units,
        "events" => Ask::Events { follow: own.get_flag(FOLLOW), after: own.get_one(AFTER).copied() },
        "explain" => Ask::Explain,
        "limits" => Ask::Limits(limits(own)?),
        "drain" => Ask::Drain(unit()),
        "undrain" => Ask::Undrain(unit()),
        "stop" => Ask::Stop(unit().unwrap_or_default()),
        _ => Ask::Shutdown,
    };
    Ok(Call::Ctl(CtlCall { whom: whom(own), json: own.get_flag(JSON), what }))
}

fn limits(matches: &ArgMatches) -> Result<Option<Limits>, Failure> {
    if matches.get_flag(CLEAR) {
        return Ok(None);
    }
    let number = |name: &str| matches.get_one::<u32>(name).copied();
    let (minimum, maximum, pinned) = (number(MINIMUM), number(MAXIMUM), number(PIN));
    if minimum.or(maximum).or(pinned).is_none() {
        return Err(Failure::Usage("limits needs --minimum, --maximum, --pin or --clear".to_owned()));
    }
    let within = matches.get_one::<String>(FOR).map(|text| time(text)).transpose()?;
    Ok(Some(Limits { minimum, maximum, pinned, within }))
}

/// Reads `90`, `90s`, `15m` or `2h`.
fn time(text: &str) -> Result<Duration, Failure> {
    let wrong = || Failure::Usage(format!("--for: `{text}` is no time; write 90, 90s, 15m or 2h"));
    let (number, seconds) = match text.as_bytes().last() {
        Some(b's') => (&text[..text.len() - 1], 1),
        Some(b'm') => (&text[..text.len() - 1], 60),
        Some(b'h') => (&text[..text.len() - 1], 3600),
        _ => (text, 1),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let seconds = |text: &str| time(text).ok().map(|time| time.as_secs());
        assert_eq!(["90", "90s", "15m", "2h"].map(seconds), [Some(90), Some(90), Some(900), Some(7200)]);
        assert_eq!(["", "0", "m", "1d", "-1", "1.5h", "99999999999999999999h"].map(seconds), [None; 7]);
    }
}
