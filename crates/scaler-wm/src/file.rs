//! The TOML file of `-c`: the one entry of a type, with the line of each key.

use std::fs;

use scaler_wm_core::options::{Found, OptionError, OptionSpec, Origin, Raw, nearest};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The table that holds managers: one, or an array of them.
const SECTION: &str = "worker_manager";
/// The key that says which kind a manager is.
const TYPE: &str = "type";

/// What a file gives.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Values, unchecked.
    pub(crate) found: Vec<Found>,
    /// Keys that nobody knows, with where they stand and what was probably meant.
    pub(crate) unknown: Vec<OptionError>,
}

/// Reads the one `[[worker_manager]]` entry with `kind` as its type.
///
/// # Errors
/// When the file cannot be read or is no TOML, and when there is none or more than one such entry.
pub(crate) fn read(file: &str, kind: &str, options: &[&'static OptionSpec]) -> Result<Entry, OptionError> {
    let text = fs::read_to_string(file)
        .map_err(|error| OptionError::new(file, format!("it cannot be read ({error}); give another by -c FILE")))?;
    let source = Source { file, text: &text };
    let document = DeTable::parse(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| source.line(span.start));
        OptionError::new(format!("{file}:{line}"), format!("it is no TOML: {}", error.message()))
    })?;
    let managers = source.managers(document.get_ref())?;
    let mut of_kind = Vec::new();
    let mut others = Vec::new();
    for manager in managers {
        match manager.get_ref().get(TYPE).map(|value| value.get_ref()) {
            Some(DeValue::String(text)) if text == kind => of_kind.push(manager),
            Some(DeValue::String(text)) => others.push(text.to_string()),
            _ => {
                let place = source.place(manager.span().start);
                return Err(OptionError::new(place, format!("this entry has no type; write type = \"{kind}\"")));
            }
        }
    }
    match of_kind.as_slice() {
        [one] => Ok(source.entry(one.get_ref(), options)),
        [] => {
            let there = if others.is_empty() { "none at all".to_owned() } else { others.join(", ") };
            let mut problem = format!("it has no [[{SECTION}]] entry with type = \"{kind}\"; there is {there}");
            let sections = document.get_ref().keys().map(|key| &**key.get_ref());
            if let Some(section) = sections.filter(|name| *name != SECTION).find(|name| is_misspelt(name)) {
                problem = format!("{problem}; did you mean [[{SECTION}]] instead of `{section}`?");
            }
            Err(OptionError::new(file, problem))
        }
        several => {
            let lines: Vec<String> = several.iter().map(|entry| source.line(entry.span().start).to_string()).collect();
            let problem = format!(
                "it has {} [[{SECTION}]] entries with type = \"{kind}\" (lines {}); one command runs one: put each into a \
                 file of its own",
                several.len(),
                lines.join(", ")
            );
            Err(OptionError::new(file, problem))
        }
    }
}

/// Whether a section was probably meant to be [`SECTION`].
fn is_misspelt(section: &str) -> bool {
    let normal = section.replace('-', "_");
    nearest(&normal, [SECTION, "scheduler", "object_storage_server", "gui"]) == Some(SECTION)
}

struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// The line of a byte, counted from 1.
    fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.file, self.line(offset))
    }

    /// The entries of the section: an array of tables, or one table.
    fn managers<'t, 'i>(&self, document: &'t DeTable<'i>) -> Result<Vec<Manager<'t, 'i>>, OptionError> {
        let Some((key, value)) = document.get_key_value(SECTION) else { return Ok(Vec::new()) };
        let wrong = |offset| {
            let problem = format!("{SECTION} is no table; write [[{SECTION}]] and its keys below");
            OptionError::new(self.place(offset), problem)
        };
        match value.get_ref() {
            DeValue::Table(table) => Ok(vec![Manager { table, start: key.span().start }]),
            DeValue::Array(entries) => entries
                .iter()
                .map(|entry| match entry.get_ref() {
                    DeValue::Table(table) => Ok(Manager { table, start: entry.span().start }),
                    _ => Err(wrong(entry.span().start)),
                })
                .collect(),
            _ => Err(wrong(key.span().start)),
        }
    }

    fn entry(&self, table: &DeTable<'_>, options: &[&'static OptionSpec]) -> Entry {
        let mut entry = Entry { found: Vec::new(), unknown: Vec::new() };
        for (key, value) in table {
            let written = key.get_ref();
            let normal = written.replace('-', "_");
            if normal == TYPE {
                continue;
            }
            let line = self.line(key.span().start);
            let origin = Origin::File { file: self.file.to_owned(), line, key: written.to_string() };
            let spec = options.iter().find(|spec| spec.key == normal);
            match spec.filter(|spec| spec.stands_for.is_none()) {
                Some(spec) => entry.found.push(Found { key: spec.key, raw: raw(value), origin }),
                None => {
                    let known = options.iter().filter(|spec| !spec.is_hidden).map(|spec| spec.key).chain([TYPE]);
                    let meant = spec.and_then(|spec| spec.stands_for).or_else(|| nearest(&normal, known));
                    let problem = match meant {
                        Some(meant) => format!("no such key; did you mean `{meant}`?"),
                        None => "no such key".to_owned(),
                    };
                    entry.unknown.push(OptionError::new(origin, problem));
                }
            }
        }
        entry
    }
}

struct Manager<'t, 'i> {
    table: &'t DeTable<'i>,
    start: usize,
}

impl<'t, 'i> Manager<'t, 'i> {
    const fn get_ref(&self) -> &'t DeTable<'i> {
        self.table
    }

    const fn span(&self) -> std::ops::Range<usize> {
        self.start..self.start
    }
}

fn raw(value: &Spanned<DeValue<'_>>) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Boolean(value) => Raw::Bool(*value),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("a number out of range"), Raw::Integer),
        DeValue::Float(number) => number.as_str().parse().map_or(Raw::Other("a number out of range"), Raw::Float),
        DeValue::Array(items) => {
            let text = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
                DeValue::String(text) => Some(text.to_string()),
                _ => None,
            };
            items
                .iter()
                .map(text)
                .collect::<Option<_>>()
                .map_or(Raw::Other("a list of other things than texts"), Raw::Texts)
        }
        DeValue::Table(_) => Raw::Other("a table"),
        DeValue::Datetime(_) => Raw::Other("a date"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaler_wm_core::options::COMMON;

    fn read_text(text: &str) -> Result<Entry, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        fs::write(&file, text).unwrap();
        let options: Vec<&OptionSpec> = COMMON.iter().collect();
        let prefix = format!("{}/", folder.path().display());
        read(file.to_str().unwrap(), "baremetal_native", &options)
            .map_err(|error| error.to_string().replace(&prefix, ""))
    }

    #[test]
    fn reads_the_one_entry_of_a_type_with_its_lines() {
        for text in [
            "[[worker_manager]]\ntype = \"symphony\"\n[[worker_manager]]\ntype = \"baremetal_native\"\nio-threads = 2\n",
            "[scheduler]\n\n\n[worker_manager]\nio_threads = 0x2\ntype = \"baremetal_native\"\n",
        ] {
            let entry = read_text(text).unwrap();
            assert_eq!(entry.found.len(), 1);
            assert_eq!((entry.found[0].key, &entry.found[0].raw), ("io_threads", &Raw::Integer(2)));
            let Origin::File { line: 5, .. } = entry.found[0].origin else { panic!("{:?}", entry.found) };
        }
    }

    #[test]
    fn says_what_is_wrong_where_and_what_to_write() {
        for (text, wanted) in [
            ("a = [", "config.toml:1: it is no TOML"),
            (
                "",
                "config.toml: it has no [[worker_manager]] entry with type = \"baremetal_native\"; there is none at all",
            ),
            (
                "[[worker_manager]]\ntype = \"symphony\"\n",
                "config.toml: it has no [[worker_manager]] entry with type = \"baremetal_native\"; there is symphony",
            ),
            ("\n[[worker_manager]]\nio_threads = 1\n", "config.toml:2: this entry has no type"),
            ("worker_manager = 3\n", "config.toml:1: worker_manager is no table"),
            (
                "[[worker_manager]]\ntype = \"baremetal_native\"\n[[worker_manager]]\ntype = \"baremetal_native\"\n",
                "config.toml: it has 2 [[worker_manager]] entries with type = \"baremetal_native\" (lines 1, 3)",
            ),
        ] {
            let error = read_text(text).unwrap_err();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
        assert!(read("/no/such/file", "x", &[]).unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn names_the_nearest_key() {
        let entry = read_text("[worker_manager]\ntype = \"baremetal_native\"\nmax_task_concurency = 2\n").unwrap();
        let error = entry.unknown[0].to_string();
        assert!(
            error.ends_with(":3: max_task_concurency: no such key; did you mean `max_task_concurrency`?"),
            "{error}"
        );
    }
}
