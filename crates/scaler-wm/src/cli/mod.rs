//! The command line: made of the declarations, read into what was found.

mod command;
#[cfg(feature = "control")]
mod ctl;
mod doctor;
mod help;
#[cfg(feature = "manual")]
mod manual;
mod name;
mod policy;
mod preflight;
mod provision;
#[cfg(feature = "simulate")]
mod record;
#[cfg(feature = "simulate")]
mod simulate;
mod tokens;
#[cfg(feature = "top")]
mod top;
#[cfg(feature = "manual")]
mod tree;

use std::ffi::OsString;

use clap::{ArgMatches, Command, parser::ValueSource};
use scaler_wm_core::options::{COMMON, Found, Kind as Takes, OptionSpec, Origin, Raw, nearest};
use scaler_wm_options::{MANAGERS, PARTS, PYTHON_MANAGERS, Section};

use crate::{
    backends::{self, KINDS, Kind},
    exit::Failure,
};
use name::Name;

/// What the user asked for.
#[derive(Debug)]
pub(crate) enum Call {
    /// Run one manager.
    Manager(ManagerCall),
    /// Start everything in a file.
    Up(StackCall),
    /// Show what one manager would be run with.
    ShowManager(ManagerCall),
    /// Show what a file would start.
    ShowStack(StackCall),
    /// Write a file to start from.
    Init(InitCall),
    /// Look at what would go wrong before anything is started.
    Preflight(PreflightCall),
    /// Try a policy out.
    Policy(PolicyCall),
    /// Ask a manager that runs, or tell it what to do.
    #[cfg(feature = "control")]
    Ctl(CtlCall),
    /// Watch a manager in a terminal.
    #[cfg(feature = "top")]
    Top(Whom),
    /// Look at what managers have left.
    Doctor(DoctorCall),
    /// Make or remove what `aws_hpc` needs in AWS.
    Provision(ProvisionCall),
    /// Try a configuration out.
    #[cfg(feature = "simulate")]
    Simulate(SimulateCall),
    /// Record what a scheduler has to do.
    #[cfg(feature = "simulate")]
    Record(RecordCall),
    /// Become a command of the Python package, as `up` starts it.
    Become(Vec<String>),
}

/// One manager.
#[derive(Debug)]
pub(crate) struct ManagerCall {
    /// Its kind.
    pub(crate) kind: &'static Kind,
    /// Values given on the command line.
    pub(crate) found: Vec<Found>,
    /// The file of `-c`.
    pub(crate) file: Option<String>,
    /// Whether keys that nobody knows only warn.
    pub(crate) allows_unknown_keys: bool,
}

/// Everything in a file.
#[derive(Debug)]
pub(crate) struct StackCall {
    /// The file.
    pub(crate) file: String,
    /// Values given on the command line: they go before every section's key of that name.
    pub(crate) found: Vec<Found>,
    /// Whether keys that nobody knows only warn.
    pub(crate) allows_unknown_keys: bool,
    /// Whether lines of commands are to begin with the part that they come from.
    pub(crate) names_lines: bool,
}

/// A file to start from.
#[derive(Debug)]
pub(crate) struct InitCall {
    /// What it is to configure.
    pub(crate) section: &'static Section,
    /// Where it goes; else to standard output.
    pub(crate) file: Option<String>,
}

#[cfg(feature = "control")]
pub(crate) use ctl::{Ask, CtlCall, Limits, Place, Whom};
pub(crate) use doctor::{DoctorCall, DoctorOf};
pub(crate) use policy::{PolicyCall, PolicyCommand};
pub(crate) use preflight::{PreflightCall, PreflightOf};
pub(crate) use provision::ProvisionCall;
#[cfg(feature = "simulate")]
pub(crate) use record::RecordCall;
#[cfg(feature = "simulate")]
pub(crate) use simulate::SimulateCall;

/// The commands, for whoever has mistyped one.
const COMMANDS: &[&str] =
    &["up", "config", "preflight", "policy", "ctl", "top", "doctor", "simulate", "record", "completions"];

/// The word by which `up` lets this program become a command of the package.
pub(crate) const BECOME: &str = "become-part";

/// Reads the command line.
///
/// # Errors
/// For `--help` and `--version`, and for what nobody knows, with the nearest known name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Call, Failure> {
    let mut arguments = text(arguments)?;
    let name = Name::of(arguments.first().map(String::as_str));
    drop(arguments.drain(..1.min(arguments.len())));
    if name == Name::Scaler {
        return Ok(Call::Up(stack(name.program(), name, &arguments)?));
    }
    let arguments = type_first(arguments);
    let Some((first, rest)) = arguments.split_first() else { return Err(help::nothing(name)) };
    match &**first {
        "-h" | "--help" | "help" if rest.is_empty() => Err(help::asked(name)),
        "-V" | "--version" => Err(help::version(name)),
        "up" if name == Name::Own => Ok(Call::Up(stack("scaler-wm up", name, rest)?)),
        "config" if name == Name::Own => config(rest),
        "preflight" if name == Name::Own => preflight::preflight(rest),
        "policy" if name == Name::Own => policy::policy(rest),
        #[cfg(feature = "control")]
        "ctl" if name == Name::Own => ctl::ctl(rest),
        #[cfg(not(feature = "control"))]
        "ctl" if name == Name::Own => Err(Failure::Usage(
            "this build has no `ctl`: it needs the feature `control`, which is one of the default ones".to_owned(),
        )),
        #[cfg(feature = "top")]
        "top" if name == Name::Own => top::top(rest),
        #[cfg(not(feature = "top"))]
        "top" if name == Name::Own => Err(Failure::Usage(
            "this build has no `top`: it needs the feature `top`, which is one of the default ones".to_owned(),
        )),
        "doctor" if name == Name::Own => doctor::doctor(rest),
        #[cfg(feature = "simulate")]
        "simulate" if name == Name::Own => simulate::simulate(rest),
        #[cfg(feature = "simulate")]
        "record" if name == Name::Own => record::record(rest),
        #[cfg(feature = "manual")]
        "completions" if name == Name::Own => Err(manual::completions(rest)),
        #[cfg(not(feature = "manual"))]
        "completions" if name == Name::Own => Err(Failure::Usage(
            "this build has no completions: it needs the feature `manual`; run `cargo install scaler-wm --features manual`"
                .to_owned(),
        )),
        #[cfg(feature = "manual")]
        manual::MAN_PAGES if name == Name::Own => Err(manual::man_pages(rest)),
        BECOME if name == Name::Own => Ok(Call::Become(rest.to_vec())),
        kind => {
            let kind = kind_named(kind, name)?;
            if let Some((action, flags)) = provision::action(kind.section, rest) {
                return provision::provision(name.program(), action, flags);
            }
            Ok(Call::Manager(manager(&format!("{} {first}", name.program()), name, kind, rest)?))
        }
    }
}

fn text(arguments: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, Failure> {
    let text = |argument: OsString| {
        argument.into_string().map_err(|argument| Failure::Usage(format!("{} is no UTF-8 text", argument.display())))
    };
    arguments.into_iter().map(text).collect()
}

/// The released command takes flags before the type as well: the type comes first in what is read further on.
fn type_first(mut arguments: Vec<String>) -> Vec<String> {
    let is_kind = |word: &String| MANAGERS.iter().chain(PYTHON_MANAGERS).any(|section| section.name == word);
    if arguments.first().is_some_and(|first| first.starts_with('-') && first.len() > 1)
        && let Some(at) = arguments.iter().position(is_kind)
    {
        let kind = arguments.remove(at);
        arguments.insert(0, kind);
    }
    arguments
}

/// The kind of that name, which must be one of ours.
fn kind_named(word: &str, name: Name) -> Result<&'static Kind, Failure> {
    if let Some(kind) = backends::find(word) {
        return Ok(kind);
    }
    if PYTHON_MANAGERS.iter().any(|section| section.name == word) {
        return Err(Failure::Usage(format!(
            "{word} is a manager of the Python package only: run the package's own `scaler_worker_manager {word}`, or put \
             it into a file and start that by `scaler-wm up FILE`, which does so"
        )));
    }
    if word.starts_with('-') {
        return Err(Failure::Usage(format!("`{word}` stands where the type belongs; {}", help::usage(name))));
    }
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.section.name).collect();
    let commands: &[&str] = if name == Name::Own { COMMANDS } else { &[] };
    let problem = match nearest(word, names.iter().chain(commands).copied()) {
        Some(meant) => format!("`{word}` is no type of worker manager and no command; did you mean `{meant}`?"),
        None => format!("`{word}` is no type of worker manager; there is {}", names.join(", ")),
    };
    Err(Failure::Usage(problem))
}

fn manager(program: &str, name: Name, kind: &'static Kind, arguments: &[String]) -> Result<ManagerCall, Failure> {
    let declared: Vec<_> = kind.section.declared().collect();
    Ok(manager_of(&matches(command::manager(program, kind.section), &declared, arguments)?, name, kind))
}

fn manager_of(matches: &ArgMatches, name: Name, kind: &'static Kind) -> ManagerCall {
    ManagerCall {
        kind,
        found: kind.section.specs().filter_map(|spec| found(spec, spec.flag(), matches)).collect(),
        file: matches.get_one::<String>(command::CONFIG).filter(|file| !file.is_empty()).cloned(),
        allows_unknown_keys: name.is_lenient() || matches.get_flag(command::ALLOW_UNKNOWN_KEYS),
    }
}

fn stack(program: &str, name: Name, arguments: &[String]) -> Result<StackCall, Failure> {
    Ok(stack_of(&matches(command::stack(program, &every_option()), &with_short(), arguments)?, name))
}

fn stack_of(matches: &ArgMatches, name: Name) -> StackCall {
    let found = |spec: &'static OptionSpec| found(spec, format!("--{}", spec.long()), matches);
    StackCall {
        file: matches.get_one::<String>(command::FILE).cloned().unwrap_or_default(),
        found: every_option().into_iter().filter_map(found).collect(),
        allows_unknown_keys: name.is_lenient() || matches.get_flag(command::ALLOW_UNKNOWN_KEYS),
        names_lines: name != Name::Scaler,
    }
}

/// Short flags of one section may mean something else in another one; those of all managers do not.
fn with_short() -> Vec<&'static OptionSpec> {
    COMMON.iter().copied().flatten().collect()
}

/// Every option of every section, each key once: a flag of a whole file goes to every section that has the key.
fn every_option() -> Vec<&'static OptionSpec> {
    let mut specs: Vec<&'static OptionSpec> = Vec::new();
    for spec in MANAGERS.iter().chain(PARTS).chain(PYTHON_MANAGERS).flat_map(|section| section.specs()) {
        if !specs.iter().any(|known| known.key == spec.key) {
            specs.push(spec);
        }
    }
    specs
}

fn config(arguments: &[String]) -> Result<Call, Failure> {
    let what = arguments.first().map(String::as_str);
    let rest = arguments.get(1..).unwrap_or_default();
    match what {
        Some("show") => {
            let rest = type_first(rest.to_vec());
            match rest.split_first().and_then(|(first, flags)| Some((backends::find(first)?, flags))) {
                Some((kind, flags)) => {
                    let program = format!("scaler-wm config show {}", kind.section.name);
                    Ok(Call::ShowManager(manager(&program, Name::Own, kind, flags)?))
                }
                None => Ok(Call::ShowStack(stack("scaler-wm config show", Name::Own, &rest)?)),
            }
        }
        Some("init") => {
            let matches = matches(command::init(), &[], rest)?;
            let kind = matches.get_one::<String>(command::TYPE).cloned().unwrap_or_default();
            let all = || MANAGERS.iter().chain(PYTHON_MANAGERS).chain(PARTS).copied();
            let section = all().find(|section| section.name == kind).ok_or_else(|| {
                let names: Vec<&str> = all().map(|section| section.name).collect();
                Failure::Usage(match nearest(&kind, names.iter().copied()) {
                    Some(meant) => format!("`{kind}` is no section; did you mean `{meant}`?"),
                    None => format!("`{kind}` is no section; there is {}", names.join(", ")),
                })
            })?;
            Ok(Call::Init(InitCall { section, file: matches.get_one::<String>(command::FILE).cloned() }))
        }
        Some("-h" | "--help") => Err(Failure::Told(help::config())),
        Some(other) => {
            let meant = nearest(other, ["show", "init"]).map(|meant| format!("; did you mean `{meant}`?"));
            Err(Failure::Usage(format!(
                "no such command: config {other}{}\n\n{}",
                meant.unwrap_or_default(),
                help::config()
            )))
        }
        None => Err(Failure::Usage(format!("config needs a command\n\n{}", help::config()))),
    }
}

/// Lets clap read what follows the command's name.
fn matches(command: Command, declared: &[&'static OptionSpec], arguments: &[String]) -> Result<ArgMatches, Failure> {
    let name = command.get_name().to_owned();
    let arguments = tokens::Names::new(&command, declared).in_full(arguments)?;
    let all = std::iter::once(name).chain(arguments);
    command.try_get_matches_from(all).map_err(|error| Failure::Clap(error.into()))
}

fn found(spec: &'static OptionSpec, flag: String, matches: &ArgMatches) -> Option<Found> {
    if matches.value_source(spec.key) != Some(ValueSource::CommandLine) {
        return None;
    }
    let raw = match spec.kind {
        Takes::Flag => Raw::Bool(matches.get_flag(spec.key)),
        Takes::Texts => Raw::Texts(matches.get_many::<String>(spec.key)?.cloned().collect()),
        _ => Raw::Text(matches.get_one::<String>(spec.key)?.clone()),
    };
    Some(Found { key: spec.key, raw, origin: Origin::CommandLine(flag) })
}

#[cfg(test)]
mod tests;
