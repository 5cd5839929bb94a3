//! The TOML file: its sections, with the line of each key.

use std::{collections::BTreeMap, fmt, fs};

use scaler_wm_core::options::{Found, OptionError, OptionSpec, Origin, Raw, nearest};
use scaler_wm_options::{MANAGERS, PARTS, PYTHON_MANAGERS, SHARED_TABLES, Section};
use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

/// The table that holds managers: one, or an array of them.
const MANAGER: &str = "worker_manager";
/// The key that says which kind a manager is.
const TYPE: &str = "type";
/// A section of the package's that is nothing to start: `scaler_top` reads it.
const NOT_OURS: &str = "top";

/// A file that was read. Its text is shown by nothing: secrets may be in it.
pub(crate) struct File {
    /// Its name, as it was given.
    name: String,
    text: String,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What one section of a file gives.
#[derive(Debug)]
pub(crate) struct Entry {
    /// What it configures.
    pub(crate) section: &'static Section,
    /// Where it begins.
    pub(crate) place: String,
    /// Values, unchecked.
    pub(crate) found: Vec<Found>,
    /// Keys that nobody knows, or that are there twice, with where they stand and what was probably meant.
    pub(crate) unknown: Vec<OptionError>,
}

/// Everything in a file that can be started.
#[derive(Debug, Default)]
pub(crate) struct Everything {
    /// In the order in which they start: object storage, scheduler, managers as written, GUI.
    pub(crate) entries: Vec<Entry>,
    /// Sections that nobody knows.
    pub(crate) unknown: Vec<OptionError>,
}

/// Gives a manager what the file says for all of them, where it has nothing of its own.
fn inherit(entry: &mut Entry, shared: &[Found]) {
    for found in shared {
        let is_known = entry.section.specs().any(|spec| spec.key == found.key);
        if is_known && !entry.found.iter().any(|own| own.key == found.key) {
            entry.found.push(found.clone());
        }
    }
}

/// An entry of [`MANAGER`].
struct Manager<'t, 'i> {
    table: &'t DeTable<'i>,
    /// Its type, and where that stands.
    kind: Option<(&'t str, usize)>,
    start: usize,
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(name: &str) -> Result<Self, OptionError> {
        let text = fs::read_to_string(name)
            .map_err(|error| OptionError::new(name, format!("it cannot be read ({error}); give another FILE")))?;
        Ok(Self::new(name, text))
    }

    /// What the file `name` says.
    pub(crate) fn new(name: &str, text: String) -> Self {
        Self { name: name.to_owned(), text }
    }

    /// The one `[[worker_manager]]` entry of a type.
    ///
    /// # Errors
    /// When the file is no TOML, and when there is none or more than one such entry.
    pub(crate) fn one(&self, section: &'static Section) -> Result<Entry, OptionError> {
        let document = self.parse()?;
        let kind = section.name;
        let managers = self.managers(&document)?;
        let (of_kind, others): (Vec<_>, Vec<_>) =
            managers.iter().partition(|manager| manager.kind.is_some_and(|(name, _)| name == kind));
        match of_kind.as_slice() {
            [one] => {
                let mut entry = self.entry(one.table, one.start, section);
                for shared in self.shared(&document)? {
                    inherit(&mut entry, &shared.found);
                    entry.unknown.extend(shared.unknown);
                }
                Ok(entry)
            }
            [] => {
                if let Some(untyped) = managers.iter().find(|manager| manager.kind.is_none()) {
                    let problem = format!("this entry has no type; write type = \"{kind}\"");
                    return Err(OptionError::new(self.place(untyped.start), problem));
                }
                let others: Vec<&str> = others.iter().filter_map(|manager| Some(manager.kind?.0)).collect();
                let there = if others.is_empty() { "none at all".to_owned() } else { others.join(", ") };
                let mut problem = format!("it has no [[{MANAGER}]] entry with type = \"{kind}\"; there is {there}");
                let sections = document.keys().map(|key| &**key.get_ref());
                if let Some(section) =
                    sections.filter(|name| *name != MANAGER).find(|name| meant(name) == Some(MANAGER))
                {
                    problem = format!("{problem}; did you mean [[{MANAGER}]] instead of `{section}`?");
                }
                Err(OptionError::new(&self.name, problem))
            }
            several => {
                let lines: Vec<String> = several.iter().map(|entry| self.line(entry.start).to_string()).collect();
                let problem = format!(
                    "it has {} [[{MANAGER}]] entries with type = \"{kind}\" (lines {}); one command runs one: put each \
                     into a file of its own, or start them all by `scaler-wm up FILE`",
                    several.len(),
                    lines.join(", ")
                );
                Err(OptionError::new(&self.name, problem))
            }
        }
    }

    /// The tables whose keys every manager inherits.
    fn shared(&self, document: &DeTable<'_>) -> Result<Vec<Entry>, OptionError> {
        SHARED_TABLES.iter().filter_map(|table| self.part(document, table).transpose()).collect()
    }

    /// Every section.
    ///
    /// # Errors
    /// When the file is no TOML, holds something else where a section belongs, or nothing that can be started.
    pub(crate) fn everything(&self) -> Result<Everything, OptionError> {
        let document = self.parse()?;
        let mut all = Everything::default();
        let mut managers = Vec::new();
        for manager in self.managers(&document)? {
            managers.push(self.entry(manager.table, manager.start, self.kind_of(&manager)?));
        }
        for shared in self.shared(&document)? {
            managers.iter_mut().for_each(|entry| inherit(entry, &shared.found));
            all.unknown.extend(shared.unknown);
        }
        let [before @ .., last] = PARTS else { return Ok(all) };
        for part in before {
            all.entries.extend(self.part(&document, part)?);
        }
        all.entries.append(&mut managers);
        all.entries.extend(self.part(&document, last)?);

        let known = || PARTS.iter().chain(SHARED_TABLES).map(|part| part.name).chain([MANAGER, NOT_OURS]);
        for key in document.keys().filter(|key| !known().any(|name| name == &**key.get_ref())) {
            let problem = match meant(key.get_ref()) {
                Some(meant) => format!("no such section; did you mean `{meant}`?"),
                None => format!("no such section; there is {}", known().collect::<Vec<_>>().join(", ")),
            };
            let origin = format!("{}: {}", self.place(key.span().start), key.get_ref());
            all.unknown.push(OptionError::new(origin, problem));
        }
        all.unknown.sort_by_key(|error| self.line_of(&error.origin));
        if all.entries.is_empty() {
            if let Some(unknown) = all.unknown.into_iter().next() {
                return Err(unknown);
            }
            let names: Vec<&str> = PARTS.iter().map(|part| part.name).chain([MANAGER]).collect();
            let problem = format!("there is nothing in it to start; it needs one of the sections {}", names.join(", "));
            return Err(OptionError::new(&self.name, problem));
        }
        Ok(all)
    }

    /// The section of a manager's type.
    fn kind_of(&self, manager: &Manager<'_, '_>) -> Result<&'static Section, OptionError> {
        let all = || MANAGERS.iter().chain(PYTHON_MANAGERS).copied();
        let names: Vec<&str> = all().map(|section| section.name).collect();
        let Some((kind, at)) = manager.kind else {
            let problem = format!("this entry has no type; write type = \"…\" with one of {}", names.join(", "));
            return Err(OptionError::new(self.place(manager.start), problem));
        };
        all().find(|section| section.name == kind).ok_or_else(|| {
            let problem = match nearest(kind, names.iter().copied()) {
                Some(meant) => format!("`{kind}` is no type of worker manager; did you mean `{meant}`?"),
                None => format!("`{kind}` is no type of worker manager; there is {}", names.join(", ")),
            };
            OptionError::new(format!("{}: {TYPE}", self.place(at)), problem)
        })
    }

    /// The table of another part than a manager, if it is there.
    fn part(&self, document: &DeTable<'_>, section: &'static Section) -> Result<Option<Entry>, OptionError> {
        let Some((key, value)) = document.get_key_value(section.name) else { return Ok(None) };
        match value.get_ref() {
            DeValue::Table(table) => Ok(Some(self.entry(table, key.span().start, section))),
            _ => {
                let name = section.name;
                let problem = format!("{name} is no table; write [{name}] and its keys below");
                Err(OptionError::new(self.place(key.span().start), problem))
            }
        }
    }

    fn parse(&self) -> Result<DeTable<'_>, OptionError> {
        let document = DeTable::parse(&self.text).map_err(|error| {
            let place = self.place(error.span().map_or(0, |span| span.start));
            OptionError::new(place, format!("it is no TOML: {}", error.message()))
        })?;
        Ok(document.into_inner())
    }

    /// The line of a byte, counted from 1.
    fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.name, self.line(offset))
    }

    /// The line in what [`File::place`] has written.
    fn line_of(&self, origin: &str) -> usize {
        let after = origin.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix(':')).unwrap_or_default();
        after.split(':').next().and_then(|line| line.parse().ok()).unwrap_or_default()
    }

    /// The entries of the section: an array of tables, or one table.
    fn managers<'t, 'i>(&self, document: &'t DeTable<'i>) -> Result<Vec<Manager<'t, 'i>>, OptionError> {
        let Some((key, value)) = document.get_key_value(MANAGER) else { return Ok(Vec::new()) };
        let wrong = |offset| {
            let problem = format!("{MANAGER} is no table; write [[{MANAGER}]] and its keys below");
            OptionError::new(self.place(offset), problem)
        };
        let manager = |table: &'t DeTable<'i>, start| {
            let kind = match table.get_key_value(TYPE) {
                Some((key, value)) => match value.get_ref() {
                    DeValue::String(kind) => Some((&**kind, key.span().start)),
                    _ => None,
                },
                None => None,
            };
            Manager { table, kind, start }
        };
        match value.get_ref() {
            DeValue::Table(table) => Ok(vec![manager(table, key.span().start)]),
            DeValue::Array(entries) => entries
                .iter()
                .map(|entry| match entry.get_ref() {
                    DeValue::Table(table) => Ok(manager(table, entry.span().start)),
                    _ => Err(wrong(entry.span().start)),
                })
                .collect(),
            _ => Err(wrong(key.span().start)),
        }
    }

    fn entry(&self, table: &DeTable<'_>, start: usize, section: &'static Section) -> Entry {
        let mut entry = Entry { section, place: self.place(start), found: Vec::new(), unknown: Vec::new() };
        self.collect(table, &mut entry);
        // As they are written, so that the first mistake told is the first one met; tables come sorted by key.
        entry.found.sort_by_key(|found| self.line_of(&found.origin.to_string()));
        let mut lines = BTreeMap::new();
        for found in &entry.found {
            let line = self.line_of(&found.origin.to_string());
            if let Some(earlier) = lines.insert(found.key, line) {
                let problem = format!("line {earlier} has this key already; leave one");
                entry.unknown.push(OptionError::new(&found.origin, problem));
            }
        }
        entry.unknown.sort_by_key(|error| self.line_of(&error.origin));
        entry
    }

    fn collect(&self, table: &DeTable<'_>, entry: &mut Entry) {
        let section = entry.section;
        for (key, value) in table {
            let written = key.get_ref();
            let normal = written.replace('-', "_");
            if normal == TYPE {
                continue;
            }
            if let (DeValue::Table(inner), true) = (value.get_ref(), section.tables.contains(&&*normal)) {
                self.collect(inner, entry);
                continue;
            }
            let line = self.line(key.span().start);
            let origin = Origin::File { file: self.name.clone(), line, key: written.to_string() };
            let spec = section.declared().find(|spec| spec.key == normal);
            match spec.filter(|spec| spec.stands_for.is_none()) {
                Some(spec) => entry.found.push(Found { key: spec.key, raw: raw(value), origin }),
                None => entry.unknown.push(OptionError::new(origin, unknown(&normal, spec, section))),
            }
        }
    }
}

/// What is wrong with a key that is none, and what was probably meant.
fn unknown(key: &str, other_name: Option<&OptionSpec>, section: &Section) -> String {
    let known = section.specs().filter(|spec| !spec.is_hidden).map(|spec| spec.key);
    let meant = other_name.and_then(|spec| spec.stands_for).or_else(|| nearest(key, known));
    match meant {
        Some(meant) => format!("no such key; did you mean `{meant}`?"),
        None => {
            let name = section.name;
            format!("no such key; `scaler-wm config init {name}` lists those of {name}")
        }
    }
}

/// The section that was probably meant by a name that is none.
fn meant(section: &str) -> Option<&'static str> {
    let known = PARTS.iter().map(|part| part.name).chain([MANAGER]);
    nearest(&section.replace('-', "_"), known)
}

fn raw(value: &Spanned<DeValue<'_>>) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Boolean(value) => Raw::Bool(*value),
        DeValue::Integer(number) => whole(number).map_or(Raw::Other("a number out of range"), Raw::Integer),
        DeValue::Float(number) => number.as_str().parse().map_or(Raw::Other("a number out of range"), Raw::Float),
        DeValue::Array(items) => items
            .iter()
            .map(text)
            .collect::<Option<_>>()
            .map_or(Raw::Other("a list of other things than texts"), Raw::Texts),
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| Some((key.get_ref().to_string(), text_or_number(value)?)))
            .collect::<Option<BTreeMap<_, _>>>()
            .map_or(Raw::Other("a table of other things than texts and whole numbers"), Raw::Pairs),
        DeValue::Datetime(_) => Raw::Other("a date"),
    }
}

fn text(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}

/// A whole number of a table is as good as its digits, as it is where a key takes a text.
fn text_or_number(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::Integer(number) => whole(number).map(|number| number.to_string()),
        _ => text(value),
    }
}

fn whole(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
