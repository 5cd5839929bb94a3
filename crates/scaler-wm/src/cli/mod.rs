//! The command line: made of the declarations, read into what was found.

mod command;
mod tokens;

use std::ffi::OsString;

use clap::{ArgMatches, parser::ValueSource};
use scaler_wm_core::options::{COMMON, Found, Kind, OptionSpec, Origin, Raw, nearest};

use crate::{
    backends::{self, Backend},
    exit::Failure,
};

/// What the user asked for.
pub(crate) struct Invocation {
    /// The kind of manager.
    pub(crate) backend: &'static Backend,
    /// Values given on the command line.
    pub(crate) found: Vec<Found>,
    /// The file of `-c`.
    pub(crate) file: Option<String>,
    /// Whether keys that nobody knows only warn.
    pub(crate) allows_unknown_keys: bool,
}

/// Everything declared for a backend, the common options first; other names of options included.
pub(crate) fn declared(backend: &Backend) -> Vec<&'static OptionSpec> {
    COMMON.iter().chain(backend.options).collect()
}

/// Every option of a backend that has a value of its own.
pub(crate) fn options(backend: &Backend) -> Vec<&'static OptionSpec> {
    declared(backend).into_iter().filter(|spec| spec.stands_for.is_none()).collect()
}

/// Reads the command line.
///
/// # Errors
/// For `--help` and `--version`, and for what nobody knows, with the nearest known name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, Failure> {
    let arguments = text(arguments)?;
    if let Some(kind) = arguments.get(1) {
        refuse_unknown_kind(kind)?;
    }
    let backend = arguments.get(1).and_then(|kind| backends::find(kind));
    let arguments = match backend {
        Some(backend) => tokens::Names::new(&declared(backend)).in_full(&arguments)?,
        None => arguments,
    };
    let matches = command::command().try_get_matches_from(arguments).map_err(|error| Failure::Clap(error.into()))?;
    let (kind, matches) = matches.subcommand().ok_or_else(|| Failure::Usage("no type was given".to_owned()))?;
    let backend = backends::find(kind).ok_or_else(|| Failure::Usage(format!("`{kind}` is no type")))?;
    Ok(Invocation {
        backend,
        found: options(backend).into_iter().filter_map(|spec| found(spec, matches)).collect(),
        file: matches.get_one::<String>(command::CONFIG).cloned(),
        allows_unknown_keys: matches.get_flag(command::ALLOW_UNKNOWN_KEYS),
    })
}

fn text(arguments: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, Failure> {
    let text = |argument: OsString| {
        argument.into_string().map_err(|argument| Failure::Usage(format!("{} is no UTF-8 text", argument.display())))
    };
    arguments.into_iter().map(text).collect()
}

/// clap knows only the types of this build; users come from a package that has more.
fn refuse_unknown_kind(kind: &str) -> Result<(), Failure> {
    let is_flag = kind.starts_with('-') || kind == "help";
    if is_flag || backends::find(kind).is_some() {
        return Ok(());
    }
    let names: Vec<&str> = backends::BACKENDS.iter().map(|backend| backend.name).collect();
    let problem = match (backends::elsewhere(kind), nearest(kind, names.iter().copied())) {
        (Some(what), _) => format!("type `{kind}` is not in this build: {what}"),
        (None, Some(meant)) => format!("`{kind}` is no type of worker manager; did you mean `{meant}`?"),
        (None, None) => format!("`{kind}` is no type of worker manager; there is {}", names.join(", ")),
    };
    Err(Failure::Usage(problem))
}

fn found(spec: &'static OptionSpec, matches: &ArgMatches) -> Option<Found> {
    if matches.value_source(spec.key) != Some(ValueSource::CommandLine) {
        return None;
    }
    let raw = match spec.kind {
        Kind::Flag => Raw::Bool(matches.get_flag(spec.key)),
        Kind::Texts => Raw::Texts(matches.get_many::<String>(spec.key)?.cloned().collect()),
        _ => Raw::Text(matches.get_one::<String>(spec.key)?.clone()),
    };
    Some(Found { key: spec.key, raw, origin: Origin::CommandLine(spec.flag()) })
}

#[cfg(test)]
mod tests;
