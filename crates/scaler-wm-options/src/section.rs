//! What a section is.

use scaler_wm_core::options::{OptionError, OptionSpec, Values};

/// One kind of section in a configuration file: the entries of one type of worker manager, or the table of another part.
#[derive(Debug)]
pub struct Section {
    /// The `type` of a manager; the name of the table for the other parts.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Its options, part by part, in the order in which they are shown.
    pub options: &'static [&'static [OptionSpec]],
    /// What its options need together.
    pub check: fn(&Values) -> Result<(), OptionError>,
    /// Command lines to start from, without the program's name.
    pub examples: &'static [&'static str],
    /// Names of tables inside the section in which the package's own `scaler` finds options as well.
    pub tables: &'static [&'static str],
}

/// The names that the package gives to groups of a manager's options.
pub(crate) const MANAGER_TABLES: &[&str] = &["worker_manager_config", "worker_config", "logging_config"];

impl Section {
    /// Every option, other names of options included.
    pub fn declared(&self) -> impl Iterator<Item = &'static OptionSpec> {
        self.options.iter().copied().flatten()
    }

    /// Every option that has a value of its own.
    pub fn specs(&self) -> impl Iterator<Item = &'static OptionSpec> {
        self.declared().filter(|spec| spec.stands_for.is_none())
    }
}

/// For sections whose options need nothing of one another.
///
/// # Errors
/// Never.
pub(crate) fn as_declared(_: &Values) -> Result<(), OptionError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use scaler_wm_core::options::{Alias, Preset};

    use crate::{MANAGERS, PARTS, PYTHON_MANAGERS};

    #[test]
    fn no_two_options_of_a_section_share_a_name_and_every_one_says_what_it_is() {
        for section in MANAGERS.iter().chain(PYTHON_MANAGERS).chain(PARTS) {
            let mut names = BTreeSet::new();
            for spec in section.declared() {
                let short = spec.short.map(|short| format!("-{short}"));
                let aliases = spec.aliases.iter().map(|alias| match alias {
                    Alias::Long(name) => format!("--{name}"),
                    Alias::Short(name) => format!("-{name}"),
                });
                for name in [format!("--{}", spec.long())].into_iter().chain(short).chain(aliases) {
                    assert!(names.insert(name.clone()), "{}: {name} is there twice", section.name);
                }
                assert!(spec.help.ends_with('.'), "{}: {}: `{}`", section.name, spec.key, spec.help);
                assert!(
                    spec.preset != Preset::Required || spec.sample.is_some(),
                    "{}: {} is required and has no sample",
                    section.name,
                    spec.key
                );
            }
        }
    }
}
