//! Reads what is exported, as far as tests need it. What a parser of somebody else makes of it is tested with whole
//! processes.

use std::collections::BTreeMap;

use scaler_wm_control::metrics::{Format, exposition};
use scaler_wm_core::control::Control;

use crate::bench::build;

/// One answer to whoever asks for metrics.
pub(crate) struct Scrape {
    /// The text.
    pub(crate) text: String,
    /// Values by series, labels included.
    series: BTreeMap<String, f64>,
    /// What is said of each metric, by its name: `HELP`, `TYPE` and `UNIT`.
    pub(crate) said: BTreeMap<String, BTreeMap<String, String>>,
}

impl Scrape {
    pub(crate) fn of(managers: &[Control]) -> Self {
        let text = exposition(managers, &build(), Format::OpenMetrics).expect("text is written to memory");
        let (mut series, mut said) = (BTreeMap::new(), BTreeMap::<_, BTreeMap<_, _>>::new());
        assert!(text.ends_with("# EOF\n"), "{text}");
        for line in text.lines().filter(|line| *line != "# EOF") {
            if let Some(comment) = line.strip_prefix("# ") {
                let [what, name, words] = comment.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
                let is_new = said.entry(name.to_owned()).or_default().insert(what.to_owned(), words.to_owned());
                assert_eq!(is_new, None, "twice: {line}");
            } else {
                let (name, value) = line.rsplit_once(' ').expect("a value");
                assert_eq!(series.insert(name.to_owned(), value.parse().expect("a number")), None, "twice: {line}");
            }
        }
        Self { text, series, said }
    }

    /// The value of a series of the manager under test, given by name and further labels.
    pub(crate) fn maybe(&self, name: &str, labels: &str) -> Option<f64> {
        let manager = r#"manager="under \"test\"""#;
        let more = if labels.is_empty() { String::new() } else { format!(",{labels}") };
        // Of a bucket, the library writes its bound first.
        let of = [format!("{name}{{{manager}{more}}}"), format!("{name}{{{labels},{manager}}}")];
        of.iter().find_map(|series| self.series.get(series)).copied()
    }

    pub(crate) fn value(&self, name: &str, labels: &str) -> f64 {
        self.maybe(name, labels).unwrap_or_else(|| panic!("no {name} {labels} in\n{}", self.text))
    }

    /// The names of all series.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.series.keys().map(|series| series.split('{').next().unwrap_or_default())
    }
}
