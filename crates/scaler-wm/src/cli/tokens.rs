//! Flags as users of the released package write them: short ones of several letters, and abbreviations. Each becomes the
//! full long one, which is all that clap is shown.

use std::collections::{BTreeMap, BTreeSet};

use clap::{ArgAction, Command};
use scaler_wm_core::options::{Alias, OptionSpec, nearest};

use crate::exit::Failure;

/// Every name of every flag, with the long one that it stands for; none with its hyphens.
pub(super) struct Names {
    short: BTreeMap<String, String>,
    long: BTreeMap<String, String>,
    /// Long flags that the released package does not have.
    ours: BTreeSet<String>,
    /// Long flags that take one value.
    valued: BTreeSet<String>,
}

impl Names {
    /// The names of a command's flags: its own, and those of what is declared.
    pub(super) fn new(command: &Command, declared: &[&OptionSpec]) -> Self {
        let mut names = Self {
            short: BTreeMap::from([("h".to_owned(), "help".to_owned())]),
            long: BTreeMap::from([("help".to_owned(), "help".to_owned())]),
            ours: BTreeSet::new(),
            valued: BTreeSet::new(),
        };
        for argument in command.get_arguments() {
            let Some(long) = argument.get_long() else { continue };
            names.short.extend(argument.get_short().map(|short| (short.to_string(), long.to_owned())));
            names.long.insert(long.to_owned(), long.to_owned());
            if matches!(argument.get_action(), ArgAction::Set)
                && argument.get_num_args().is_none_or(|many| many.max_values() == 1)
            {
                names.valued.insert(long.to_owned());
            }
            if argument.get_id() == super::command::ALLOW_UNKNOWN_KEYS {
                names.ours.insert(long.to_owned());
            }
        }
        for spec in declared.iter().filter(|spec| !spec.is_positional) {
            let target = spec.stands_for.map_or_else(|| spec.long(), |key| key.replace('_', "-"));
            names.ours.extend(spec.is_ours.then(|| spec.long()));
            names.long.insert(spec.long(), target.clone());
            names.short.extend(spec.short.map(|short| (short.to_owned(), target.clone())));
            for alias in spec.aliases {
                let (map, name) = match alias {
                    Alias::Long(name) => (&mut names.long, name),
                    Alias::Short(name) => (&mut names.short, name),
                };
                map.insert((*name).to_owned(), target.clone());
            }
        }
        names
    }

    /// The same command line with full long flags. What follows `--` is left alone.
    ///
    /// # Errors
    /// For a flag that nobody knows, with the nearest known one, and for an abbreviation of several.
    pub(super) fn in_full(&self, arguments: &[String]) -> Result<Vec<String>, Failure> {
        let mut full = Vec::with_capacity(arguments.len());
        let mut rest = arguments.iter().peekable();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                full.push(argument.clone());
                full.extend(rest.cloned());
                break;
            }
            if self.is_value(argument) {
                full.push(argument.clone());
                continue;
            }
            let flag = self.flag(argument)?;
            // A value that begins with a hyphen, as a negative number does, is clap's only when it is joined.
            let joined =
                rest.next_if(|next| next.starts_with('-') && self.is_value(next) && self.valued.contains(&flag[2..]));
            full.push(joined.map_or_else(|| flag.clone(), |value| format!("{flag}={value}")));
        }
        Ok(full)
    }

    /// Whether it is no flag at all. What has a space in it is one only if it begins with one.
    fn is_value(&self, argument: &str) -> bool {
        !looks_like_a_flag(argument) || (argument.contains(' ') && self.flag(argument).is_err())
    }

    /// One flag in full, with its value if it is joined.
    fn flag(&self, argument: &str) -> Result<String, Failure> {
        let (flag, value) = match argument.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (argument, None),
        };
        if let Some(long) = self.one_of(flag, if flag.starts_with("--") { &self.long } else { &self.short })? {
            return Ok(value.map_or_else(|| format!("--{long}"), |value| format!("--{long}={value}")));
        }
        // `-n3`: short flags of one letter may have their value at once.
        let letter = argument.chars().nth(1).map(String::from).unwrap_or_default();
        match self.short.get(&letter) {
            Some(long) => Ok(format!("--{long}={}", &argument[1 + letter.len()..])),
            None => Err(self.unknown(flag)),
        }
    }

    /// What `flag` stands for, in full or as the only one that begins so. One of the released package goes before ours:
    /// an abbreviation that was right there is right here.
    fn one_of<'a>(&self, flag: &str, names: &'a BTreeMap<String, String>) -> Result<Option<&'a str>, Failure> {
        let name = flag.trim_start_matches('-');
        if let Some(target) = names.get(name) {
            return Ok(Some(target));
        }
        let hyphens = &flag[..flag.len() - name.len()];
        let begin_so: Vec<(&String, &String)> = names.iter().filter(|(full, _)| full.starts_with(name)).collect();
        let released: Vec<&String> =
            begin_so.iter().map(|(_, target)| *target).filter(|target| !self.ours.contains(*target)).collect();
        match (begin_so.as_slice(), released.as_slice()) {
            ([], _) => Ok(None),
            (_, [first, rest @ ..]) if rest.iter().all(|target| target == first) => Ok(Some(first)),
            ([(_, first), rest @ ..], []) if rest.iter().all(|(_, target)| target == first) => Ok(Some(first)),
            (several, _) => {
                let all: Vec<String> = several.iter().map(|(full, _)| format!("{hyphens}{full}")).collect();
                Err(Failure::Usage(format!("{flag} could be any of {}", all.join(", "))))
            }
        }
    }

    fn unknown(&self, flag: &str) -> Failure {
        let name = flag.trim_start_matches('-');
        let known = self.long.keys().chain(self.short.keys()).map(|name| &**name);
        Failure::Usage(match nearest(name, known) {
            Some(meant) if self.long.contains_key(meant) => format!("no such flag: {flag}; did you mean --{meant}?"),
            Some(meant) => format!("no such flag: {flag}; did you mean -{meant}?"),
            None => format!("no such flag: {flag}; --help lists them all"),
        })
    }
}

/// Whether it looks like a flag: a lone hyphen and a negative number do not.
fn looks_like_a_flag(argument: &str) -> bool {
    let mut letters = argument.chars();
    letters.next() == Some('-') && letters.next().is_some_and(|next| !next.is_ascii_digit() && next != '.')
}
