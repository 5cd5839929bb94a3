//! The ways in which an option can be written on a command line.

use fastrand::Rng;

use super::given::Given;
use crate::released::Described;

/// Flags that the package's commands have besides those of the options.
const BESIDES: [&str; 4] = ["--help", "--config", "-h", "-c"];

/// Every flag of a type, with the option that it belongs to.
pub(crate) struct Flags<'a> {
    options: &'a [Described],
}

impl<'a> Flags<'a> {
    pub(crate) fn new(options: &'a [Described]) -> Self {
        Self { options }
    }

    fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.options.iter().flat_map(|option| option.flags.iter().map(|flag| (&**flag, &*option.key)));
        own.chain(BESIDES.map(|flag| (flag, flag)))
    }

    /// How many options have a flag that begins so.
    fn beginning_with(&self, start: &str) -> usize {
        let mut keys: Vec<&str> = self.all().filter(|(flag, _)| flag.starts_with(start)).map(|(_, key)| key).collect();
        keys.dedup();
        keys.len()
    }

    /// The beginning of some long flags that says not which.
    pub(crate) fn ambiguous(&self, rng: &mut Rng) -> String {
        let long: Vec<&str> = self.all().map(|(flag, _)| flag).filter(|flag| flag.starts_with("--")).collect();
        loop {
            let flag = rng.choice(&long).copied().unwrap_or("--");
            let start = &flag[..rng.usize(3..flag.len())];
            if self.beginning_with(start) > 1 && !long.contains(&start) {
                return start.to_owned();
            }
        }
    }

    /// A shorter form of a flag that still says which, if there is one.
    fn abbreviated(&self, flag: &str, rng: &mut Rng) -> Option<String> {
        let hyphens = if flag.starts_with("--") { 2 } else { 1 };
        // `-hi` could also be `-h` with the value `i`.
        let letter = flag.get(..2)?;
        if hyphens == 1 && self.all().any(|(other, _)| other == letter) {
            return None;
        }
        let starts: Vec<&str> = (hyphens + 1..flag.len())
            .map(|end| &flag[..end])
            .filter(|start| self.beginning_with(start) == 1 && self.all().all(|(other, _)| other != *start))
            .collect();
        // The shortest one is where we would first take it for another.
        let starts = if rng.bool() { starts.as_slice() } else { starts.get(..1).unwrap_or_default() };
        rng.choice(starts).map(|start| (*start).to_owned())
    }

    /// The words that give an option its value.
    pub(crate) fn written(
        &self,
        key: &str,
        given: &Given,
        rng: &mut Rng,
        features: &mut Vec<&'static str>,
    ) -> Vec<String> {
        let option = self.options.iter().find(|option| option.key == key);
        let option = option.unwrap_or_else(|| panic!("there is no option {key}"));
        let words = given.words(rng, features);
        let Some(flag) = rng.choice(&option.flags) else { return words };
        if option.flags.len() > 2 && *flag != option.flags[0] && *flag != option.flags[1] {
            features.push("other name of a flag");
        }
        if words.first().is_some_and(|word| word.starts_with('-')) {
            features.push("negative value");
        }
        let is_long = flag.starts_with("--");
        let mut name = flag.clone();
        if rng.u8(..3) == 0
            && let Some(short) = self.abbreviated(flag, rng)
        {
            features.push(if is_long { "abbreviated long flag" } else { "abbreviated short flag" });
            name = short;
        } else {
            features.push(if is_long { "long flag" } else { "short flag" });
        }
        match words.as_slice() {
            [word] if flag.len() == 2 && !word.is_empty() && rng.bool() => {
                features.push("short flag with its value at once");
                vec![format!("{name}{word}")]
            }
            // The package takes no `=` after a shortened short flag.
            [word] if (is_long || name == *flag) && rng.u8(..3) == 0 => {
                features.push("value after =");
                vec![format!("{name}={word}")]
            }
            _ => {
                if words.len() > 1 {
                    features.push("several paths");
                }
                [name].into_iter().chain(words).collect()
            }
        }
    }
}
