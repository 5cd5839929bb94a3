//! The command of the package that a part is.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use scaler_wm_core::options::{Kind, OptionSpec, Value};

use crate::{config::PythonConfig, exit::Failure};

/// A command, ready to be run.
pub(super) struct PartCommand {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    /// Secrets: others can read command lines.
    pub(super) environment: Vec<(&'static str, String)>,
    /// Whether it has something to put away when this process goes: it is asked to end then, and not killed.
    pub(super) holds_resources: bool,
}

impl fmt::Debug for PartCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<&str> = self.environment.iter().map(|(name, _)| *name).collect();
        f.debug_struct("PartCommand")
            .field("program", &self.program)
            .field("arguments", &self.arguments)
            .field("environment", &variables)
            .field("holds_resources", &self.holds_resources)
            .finish()
    }
}

/// The command for a part, beside the interpreter.
///
/// # Errors
/// When it is not there, or is this program under the name of the package's command.
pub(super) fn command(config: &PythonConfig, python: &Path) -> Result<PartCommand, Failure> {
    let section = config.section;
    let (_, kind) = words(section.name);
    let program = program_of(config, python)?;
    let arguments = kind.into_iter().map(str::to_owned).collect();
    let mut command = PartCommand {
        program,
        arguments,
        environment: Vec::new(),
        holds_resources: config.values.has("worker_manager_id"),
    };
    // What is given by position comes first: a flag with several values would take it for one of them.
    let is_given = |key| config.given.contains(key);
    let (by_position, by_flag): (Vec<&OptionSpec>, Vec<&OptionSpec>) =
        section.specs().partition(|spec| spec.is_positional);
    for spec in by_position.into_iter().chain(by_flag) {
        let Some(value) = config.values.get(spec.key).filter(|_| is_given(spec.key)) else { continue };
        let flag = format!("--{}", spec.long());
        match (value, spec.kind) {
            (Value::Secret(secret), _) => {
                command.environment.extend(spec.environment.map(|variable| (variable, secret.expose().to_owned())));
            }
            (Value::Flag(is_set), _) => command.arguments.extend(is_set.then_some(flag)),
            (Value::Texts(texts), Kind::Texts) => {
                command.arguments.push(flag);
                command.arguments.extend(texts.iter().cloned());
            }
            (value, _) if spec.is_positional => command.arguments.push(text(value)),
            (value, _) => command.arguments.push(format!("{flag}={}", text(value))),
        }
    }
    Ok(command)
}

/// The program of a part, beside the interpreter.
///
/// # Errors
/// As [`command`].
pub(crate) fn program_of(config: &PythonConfig, python: &Path) -> Result<PathBuf, Failure> {
    let (name, _) = words(config.section.name);
    let program = scaler_wm_python::program(python, name).map_err(Failure::setup)?;
    if is_this_program(&program) {
        return Err(Failure::Usage(format!(
            "{} is this program, and not the package's command, which {} needs; keep that one under its name, or give \
             another interpreter by --python PATH",
            program.display(),
            config.section.name
        )));
    }
    Ok(program)
}

/// The command of a section, and what it is told first.
fn words(section: &str) -> (&'static str, Option<&str>) {
    match section {
        "object_storage_server" => ("scaler_object_storage_server", None),
        "scheduler" => ("scaler_scheduler", None),
        "gui" => ("scaler_gui", None),
        kind => ("scaler_worker_manager", Some(kind)),
    }
}

/// A value as the package's commands read it.
fn text(value: &Value) -> String {
    match value {
        Value::Flag(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(value) => value.clone(),
        Value::Texts(values) => values.join(","),
        Value::Pairs(pairs) => {
            let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            pairs.join(",")
        }
        Value::Address(value) => value.to_string(),
        Value::Capabilities(value) => value.to_string(),
        Value::Secret(_) => String::new(),
    }
}

fn is_this_program(program: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(program).is_some_and(|program| std::env::current_exe().ok().and_then(|own| real(&own)) == Some(program))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

    use scaler_wm_core::options::{Found, Origin, Raw, resolve};
    use scaler_wm_options::{OCI_HPC, SCHEDULER, Section};

    use super::*;

    fn made(section: &'static Section, given: &[(&'static str, Raw)]) -> PartCommand {
        let folder = tempfile::tempdir().unwrap();
        for name in ["scaler_scheduler", "scaler_worker_manager"] {
            fs::write(folder.path().join(name), "").unwrap();
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let found: Vec<Found> = given
            .iter()
            .map(|(key, raw)| Found { key, raw: raw.clone(), origin: Origin::CommandLine((*key).to_owned()) })
            .collect();
        let specs: Vec<_> = section.specs().collect();
        let values = resolve(&specs, &found, |_| None, &[]).unwrap();
        let given: BTreeSet<&'static str> = given.iter().map(|(key, _)| *key).collect();
        command(&PythonConfig { section, values, given }, &folder.path().join("python")).unwrap()
    }

    fn text(text: &str) -> Raw {
        Raw::Text(text.to_owned())
    }

    #[test]
    fn only_what_was_given_is_handed_on() {
        let made = made(
            &SCHEDULER,
            &[
                ("logging_paths", Raw::Texts(vec!["a".to_owned(), "b".to_owned()])),
                ("bind_address", text("tcp://127.0.0.1:1")),
                ("object_storage_address", text("tcp://127.0.0.1:2")),
                ("load_balance_seconds", Raw::Integer(-1)),
                ("protected", Raw::Bool(true)),
            ],
        );
        assert_eq!(
            made.arguments,
            [
                "tcp://127.0.0.1:1",
                "--object-storage-address=tcp://127.0.0.1:2",
                "--protected",
                "--load-balance-seconds=-1",
                "--logging-paths",
                "a",
                "b"
            ]
        );
        assert!(!made.holds_resources && made.environment.is_empty());
    }

    #[test]
    fn secrets_are_not_on_the_command_line() {
        let required = OCI_HPC.specs().filter(|spec| spec.sample.is_some() && spec.environment.is_some());
        let mut given: Vec<(&'static str, Raw)> = required.map(|spec| (spec.key, text("x"))).collect();
        given.extend([("scheduler_address", text("tcp://h:1")), ("image_pull_password", text("hunter2"))]);
        let made = made(&OCI_HPC, &given);
        assert_eq!(made.environment, [("OCI_IMAGE_PULL_PASSWORD", "hunter2".to_owned())]);
        assert!(made.arguments.iter().all(|argument| !argument.contains("hunter2")), "{:?}", made.arguments);
        assert!(!format!("{made:?}").contains("hunter2"));
        assert_eq!(made.arguments[..2], ["oci_hpc", "tcp://h:1"]);
        assert!(made.holds_resources);
    }
}
