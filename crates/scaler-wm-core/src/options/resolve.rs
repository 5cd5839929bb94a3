//! Makes one set of values of everything that was found.

use std::{collections::BTreeMap, fmt, thread};

use super::{OptionError, OptionSpec, Origin, Preset, Raw, Value, Values};

/// A value that was found for an option. Not yet known whether it is a secret, it is shown by nothing.
#[derive(Clone)]
pub struct Found {
    /// The option's key.
    pub key: &'static str,
    /// The value, unchecked.
    pub raw: Raw,
    /// Where it was found.
    pub origin: Origin,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("key", &self.key).field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Found {
    /// What stands behind the long flag of an option.
    #[must_use]
    pub fn behind_flag(key: &'static str, text: &str) -> Self {
        let origin = Origin::CommandLine(format!("--{}", key.replace('_', "-")));
        Self { key, raw: Raw::Text(text.to_owned()), origin }
    }
}

/// Checks everything that was found and fills in defaults: command line before environment before file.
///
/// What is found several times in one place counts as found last. Everything found is checked, what it loses to
/// included: a mistake in a file does not wait for the day on which the flag is left out.
///
/// # Errors
/// The first value that is refused, else the first required option that nobody gave.
pub fn resolve(
    specs: &[&OptionSpec],
    command_line: &[Found],
    environment: impl Fn(&str) -> Option<String>,
    file: &[Found],
) -> Result<Values, OptionError> {
    let mut values = BTreeMap::new();
    for spec in specs.iter().filter(|spec| spec.stands_for.is_none()) {
        let variable = spec.environment.and_then(|variable| Some((variable, environment(variable)?)));
        let variable = variable.filter(|(_, text)| !text.is_empty()).map(|(variable, text)| Found {
            key: spec.key,
            raw: Raw::Text(text),
            origin: Origin::Environment(variable),
        });
        let of_this = |found: &&Found| found.key == spec.key;
        let in_order = file.iter().filter(of_this).chain(&variable).chain(command_line.iter().filter(of_this));
        let mut value = (preset(spec), Origin::Default);
        for found in in_order {
            value = (Some(spec.read(&found.raw, &found.origin)?), found.origin.clone());
        }
        values.insert(spec.key, value);
    }
    let values = Values(values);
    // Said last: what somebody wrote is nearer to what they meant than what they left out.
    let is_required = |spec: &OptionSpec| {
        spec.preset == Preset::Required
            && spec.stands_for.is_none()
            && !spec.unless.is_some_and(|key| is_there(&values, key))
    };
    match specs.iter().find(|spec| is_required(spec) && !is_there(&values, spec.key)) {
        Some(spec) => {
            let problem = format!("it is required; give it here or as `{}` in the file of -c", spec.key);
            Err(OptionError::new(spec.flag(), problem))
        }
        None => Ok(values),
    }
}

fn is_there(values: &Values, key: &str) -> bool {
    values.has(key) && values.get(key).is_some()
}

fn preset(spec: &OptionSpec) -> Option<Value> {
    match spec.preset {
        Preset::Nothing | Preset::Required | Preset::Described(_) => None,
        Preset::Integer(number) => Some(Value::Integer(number)),
        Preset::Float(number) => Some(Value::Float(number)),
        Preset::Text(text) => spec.read(&Raw::Text(text.to_owned()), &Origin::Default).ok(),
        Preset::Texts(text) => Some(Value::Texts(vec![text.to_owned()])),
        Preset::Cpus => Some(Value::Integer(
            thread::available_parallelism().ok().and_then(|count| i64::try_from(count.get()).ok()).unwrap_or(1),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{COMMON, Kind};

    fn found(key: &'static str, raw: Raw, origin: Origin) -> Found {
        Found { key, raw, origin }
    }

    fn given(key: &'static str, text: &str) -> Found {
        found(key, Raw::Text(text.to_owned()), Origin::CommandLine(format!("--{key}")))
    }

    fn in_file(key: &'static str, raw: Raw) -> Found {
        found(key, raw, Origin::File { file: "config.toml".to_owned(), line: 3, key: key.to_owned() })
    }

    fn common(command_line: &[Found], file: &[Found]) -> Result<Values, OptionError> {
        let specs: Vec<&OptionSpec> = COMMON.iter().copied().flatten().collect();
        let address = given("scheduler_address", "tcp://127.0.0.1:8516");
        let command_line: Vec<Found> = [address].into_iter().chain(command_line.iter().cloned()).collect();
        resolve(&specs, &command_line, |_| None, file)
    }

    #[test]
    fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
        const SPEC: OptionSpec =
            OptionSpec::new("n", Kind::Integer { min: 0, special: None }, Preset::Integer(1), "").environment("N");
        let value = |line: &[Found], variable: Option<&str>, file: &[Found]| {
            let values = resolve(&[&SPEC], line, |_| variable.map(ToOwned::to_owned), file).unwrap();
            values.integer("n")
        };
        let (line, file) = ([given("n", "4")], [in_file("n", Raw::Integer(2))]);
        assert_eq!(value(&[], None, &[]), 1);
        assert_eq!(value(&[], None, &file), 2);
        assert_eq!(value(&[], Some("3"), &file), 3);
        assert_eq!(value(&line, Some("3"), &file), 4);
    }

    #[test]
    fn every_common_default_is_the_documented_one() {
        let values = common(&[], &[]).unwrap();
        for (key, number) in [
            ("per_worker_task_queue_size", 1000),
            ("heartbeat_interval_seconds", 2),
            ("task_timeout_seconds", 0),
            ("death_timeout_seconds", 300),
            ("garbage_collect_interval_seconds", 30),
            ("trim_memory_threshold_bytes", 1_073_741_824),
            ("io_threads", 1),
        ] {
            assert_eq!(values.integer(key), number, "{key}");
        }
        for (key, number) in
            [("scale_down_cooldown_seconds", 30.0), ("drain_timeout_seconds", 300.0), ("stop_timeout_seconds", 10.0)]
        {
            assert!((values.float(key) - number).abs() < f64::EPSILON, "{key}");
        }
        assert!(values.integer("max_task_concurrency") >= 1);
        assert!(values.capabilities("per_worker_capabilities").is_empty());
        assert_eq!(values.text("event_loop"), "builtin");
        assert_eq!(values.text("logging_level"), "INFO");
        assert_eq!(values.texts("logging_paths"), ["/dev/stdout"]);
        assert!(!values.flag("hard_processor_suspend"));
        for key in ["worker_scheduler_address", "object_storage_address", "monitor_address"] {
            assert_eq!(values.maybe_address(key), None, "{key}");
        }
    }

    #[test]
    fn every_common_check_refuses_and_names_the_flag() {
        for (key, text) in [
            ("max_task_concurrency", "-2"),
            ("max_task_concurrency", "many"),
            ("scale_down_cooldown_seconds", "-1"),
            ("scale_down_cooldown_seconds", "nan"),
            ("per_worker_task_queue_size", "0"),
            ("heartbeat_interval_seconds", "0"),
            ("task_timeout_seconds", "-1"),
            ("death_timeout_seconds", "0"),
            ("garbage_collect_interval_seconds", "0"),
            ("trim_memory_threshold_bytes", "-1"),
            ("io_threads", "0"),
            ("event_loop", "curio"),
            ("logging_level", "LOUD"),
            ("per_worker_capabilities", "gpu=two"),
            ("worker_scheduler_address", "127.0.0.1:1"),
            ("worker_manager_id", ""),
        ] {
            let error = common(&[given(key, text)], &[]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("--{key}: ")), "{key}={text}: {error}");
        }
        for (key, text) in [("max_task_concurrency", "-1"), ("logging_level", "debug"), ("event_loop", "UVLOOP")] {
            common(&[given(key, text)], &[]).unwrap();
        }
    }

    #[test]
    fn a_value_in_a_file_is_named_by_file_line_and_key() {
        let error = common(&[], &[in_file("io_threads", Raw::Text("x".to_owned()))]).unwrap_err().to_string();
        assert_eq!(error, "config.toml:3: io_threads: `x` is no whole number; give 1 or more");
        let error = common(&[], &[in_file("preload", Raw::Other("a table"))]).unwrap_err().to_string();
        assert_eq!(error, "config.toml:3: preload: a table is no text; write it in quotes");
        // Checked although the command line has the say.
        let both = common(&[given("io_threads", "2")], &[in_file("io_threads", Raw::Integer(0))]);
        assert!(both.unwrap_err().to_string().contains("config.toml:3"));
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_float_in_a_file() {
        let heartbeat = |number| {
            let found = in_file("heartbeat_interval_seconds", Raw::Float(number));
            common(&[], &[found]).map(|values| values.integer("heartbeat_interval_seconds"))
        };
        assert_eq!(heartbeat(2.0).unwrap(), 2);
        for number in [2.5, f64::NAN, f64::INFINITY, 1e300] {
            heartbeat(number).unwrap_err();
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        const KEY: OptionSpec = OptionSpec::new("key", Kind::Secret, Preset::Required, "");
        let values = resolve(&[&KEY], &[given("key", "hunter2")], |_| None, &[]).unwrap();
        assert_eq!(values.secret("key").expose(), "hunter2");
        assert!(!format!("{values:?}").contains("hunter2"));
        assert!(!format!("{:?}", given("key", "hunter2")).contains("hunter2"));
        let error = resolve(&[&KEY], &[], |_| None, &[in_file("key", Raw::Integer(1234))]).unwrap_err();
        assert!(!error.to_string().contains("1234"), "{error}");
    }

    #[test]
    fn another_name_has_no_value_of_its_own() {
        const OTHER: OptionSpec = OptionSpec::new("other", Kind::Text, Preset::Nothing, "").stands_for("io_threads");
        let specs: Vec<&OptionSpec> = COMMON.iter().copied().flatten().chain([&OTHER]).collect();
        let values = resolve(&specs, &[given("scheduler_address", "tcp://h:1")], |_| None, &[]).unwrap();
        assert!(!values.has("other") && values.has("io_threads"));
    }

    #[test]
    fn what_is_required_is_missed_by_its_name() {
        let specs: Vec<&OptionSpec> = COMMON.iter().copied().flatten().collect();
        let error = resolve(&specs, &[], |_| None, &[]).unwrap_err().to_string();
        assert!(error.starts_with("ADDRESS: it is required"), "{error}");
        let error = resolve(&specs, &[given("io_threads", "0")], |_| None, &[]).unwrap_err().to_string();
        assert!(error.starts_with("--io_threads: "), "{error}");
    }

    #[test]
    fn what_another_option_makes_needless_is_not_missed() {
        const REGION: OptionSpec = OptionSpec::new("region", Kind::Text, Preset::Required, "").unless("url");
        const URL: OptionSpec = OptionSpec::new("url", Kind::Text, Preset::Nothing, "");
        let of = |given: &[Found], file: &[Found]| resolve(&[&REGION, &URL], given, |_| None, file);
        assert!(of(&[], &[]).unwrap_err().to_string().starts_with("--region: it is required"));
        let values = of(&[given("url", "http://h")], &[]).unwrap();
        assert!(values.get("region").is_none());
        of(&[], &[in_file("url", Raw::Text("http://h".to_owned()))]).unwrap();
        assert_eq!(of(&[given("region", "here")], &[]).unwrap().text("region"), "here");
    }

    #[test]
    fn no_two_options_share_a_name() {
        let all = || COMMON.iter().copied().flatten();
        let mut names: Vec<String> = all().map(OptionSpec::long).collect();
        names.extend(all().filter_map(|spec| spec.short).map(ToOwned::to_owned));
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
