//! `symphony`: single tasks for IBM Spectrum Symphony.

use scaler_wm_core::options::{
    CONTROL, Kind, LOCAL_POLICY, LOGGING, MANAGER, OPERATION, OptionError, OptionSpec, Origin, Preset, Values, WORKER,
};

use crate::{Section, agents::AGENTS, section::MANAGER_TABLES, security::TRUST};

/// Single tasks for IBM Spectrum Symphony.
pub const SYMPHONY: Section = Section {
    name: "symphony",
    about: "Tasks for IBM Spectrum Symphony",
    options: &[MANAGER, OPTIONS, AGENTS, WORKER, LOGGING, OPERATION, CONTROL, TRUST, LOCAL_POLICY],
    check,
    examples: &["symphony tcp://127.0.0.1:8516 --service-name ScalerService"],
    tables: MANAGER_TABLES,
};

fn check(values: &Values) -> Result<(), OptionError> {
    // Released managers have no such flag, so nobody's command line breaks.
    if matches!(values.origin("security_password"), Origin::CommandLine(_)) {
        let problem = "everybody on this host can read command lines: put the password into a file and name that by \
                       --soam-password-file, or set the environment variable SCALER_WM_SYMPHONY_PASSWORD";
        return Err(values.problem("security_password", problem));
    }
    if values.maybe_integer("soam_session_priority").is_some_and(|priority| priority > 10_000) {
        return Err(values.problem("soam_session_priority", "Symphony knows priorities from 1 to 10000"));
    }
    Ok(())
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new("service_name", Kind::Text, Preset::Required, "Name of the Symphony service.")
        .short("sn")
        .value("NAME")
        .sample("ScalerService"),
    OptionSpec::new(
        "soam_library",
        Kind::Text,
        Preset::Text("libscaler_soam.so"),
        "Library that speaks to Symphony, built from the shim; a name without a slash is looked for where the loader looks.",
    )
    .environment("SCALER_SOAM_LIBRARY")
    .value("PATH")
    .ours(),
    OptionSpec::new("security_user", Kind::Text, Preset::Text("Guest"), "User at Symphony.").value("NAME").ours(),
    OptionSpec::new(
        "security_password",
        Kind::Secret,
        Preset::Described("Guest"),
        "Password of that user, from its environment variable or a file; refused on a command line, which others can read.",
    )
    .environment("SCALER_WM_SYMPHONY_PASSWORD")
    .value("PASSWORD")
    .ours(),
    OptionSpec::new(
        "soam_password_file",
        Kind::Text,
        Preset::Nothing,
        "File with the password of that user in its first line; it goes before security_password.",
    )
    .value("FILE")
    .sample("/etc/scaler-wm/symphony-password")
    .ours(),
    OptionSpec::new(
        "max_concurrent_tasks",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(100),
        "Tasks that one worker, a part of this process, has at Symphony at a time.",
    )
    .value("N")
    .ours(),
    OptionSpec::new("soam_session_name", Kind::Text, Preset::Text("ScalerSession"), "What people see of sessions.")
        .value("NAME")
        .ours(),
    OptionSpec::new(
        "soam_session_type",
        Kind::Text,
        Preset::Text("RecoverableAllHistoricalData"),
        "Session type; the application profile must declare it. Tasks in sessions of other types do not survive a restart.",
    )
    .value("TYPE")
    .ours(),
    OptionSpec::new("soam_session_tag", Kind::Text, Preset::Nothing, "Label on sessions.")
        .value("TAG")
        .sample("scaler")
        .ours(),
    OptionSpec::new(
        "soam_session_priority",
        Kind::Integer { min: 1, special: None },
        Preset::Nothing,
        "Priority of sessions, 1 to 10000, the higher the sooner; the application's default if it is not given.",
    )
    .value("N")
    .sample("5000")
    .ours(),
    OptionSpec::new(
        "soam_service",
        Kind::Text,
        Preset::Nothing,
        "Service of the application that runs the tasks; its default one if it is not given.",
    )
    .value("NAME")
    .sample("ScalerService")
    .ours(),
    OptionSpec::new(
        "soam_codec",
        Kind::Choice(&["byte-array", "raw"]),
        Preset::Text("byte-array"),
        "How bytes travel in messages: byte-array as IBM's DefaultByteArrayMessage, raw without a length.",
    )
    .value("CODEC")
    .ours(),
    OptionSpec::new(
        "task_retries",
        Kind::Integer { min: 0, special: None },
        Preset::Integer(3),
        "Times that a task is handed over again whose session was lost. A task that raises an exception is never run again.",
    )
    .value("N")
    .ours(),
];

#[cfg(test)]
mod tests {
    use scaler_wm_core::options::{Found, OptionSpec, Raw, resolve};

    use super::*;

    fn checked(password: Option<Found>, environment: Option<&str>) -> Result<Values, OptionError> {
        let given = [("scheduler_address", "tcp://h:1"), ("service_name", "ScalerService")];
        let mut found: Vec<Found> = given.iter().map(|(key, text)| Found::behind_flag(key, text)).collect();
        found.extend(password);
        let specs: Vec<&OptionSpec> = SYMPHONY.specs().collect();
        let environment = |name: &str| environment.filter(|_| name == "SCALER_WM_SYMPHONY_PASSWORD").map(str::to_owned);
        let values = resolve(&specs, &found, environment, &[])?;
        check(&values).map(|()| values)
    }

    #[test]
    fn a_password_that_others_can_read_is_refused_with_the_ways_out() {
        let error = checked(Some(Found::behind_flag("security_password", "hush")), None).unwrap_err().to_string();
        for said in ["--security-password", "--soam-password-file", "SCALER_WM_SYMPHONY_PASSWORD"] {
            assert!(error.contains(said), "{error}");
        }
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn environment_and_file_are_ways_in() {
        let values = checked(None, Some("hush")).unwrap();
        assert_eq!(values.secret("security_password").expose(), "hush");
        let origin = Origin::File { file: "f.toml".to_owned(), line: 3, key: "security_password".to_owned() };
        let found = Found { key: "security_password", raw: Raw::Text("hush".to_owned()), origin };
        assert_eq!(checked(Some(found), None).unwrap().secret("security_password").expose(), "hush");
    }
}
