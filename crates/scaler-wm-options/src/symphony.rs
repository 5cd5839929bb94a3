//! `symphony`: single tasks for IBM Spectrum Symphony.

use scaler_wm_core::options::{Kind, LOCAL_POLICY, LOGGING, MANAGER, OPERATION, OptionSpec, Preset, WORKER};

use crate::{
    Section,
    section::{MANAGER_TABLES, as_declared},
    security::TRUST,
};

/// Single tasks for IBM Spectrum Symphony.
pub const SYMPHONY: Section = Section {
    name: "symphony",
    about: "Tasks for IBM Spectrum Symphony",
    options: &[MANAGER, OPTIONS, WORKER, LOGGING, OPERATION, TRUST, LOCAL_POLICY],
    check: as_declared,
    examples: &["symphony tcp://127.0.0.1:8516 --service-name ScalerService"],
    tables: MANAGER_TABLES,
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new("service_name", Kind::Text, Preset::Required, "Name of the Symphony service.")
        .short("sn")
        .value("NAME")
        .sample("ScalerService"),
    OptionSpec::new("security_user", Kind::Text, Preset::Text("Guest"), "User at Symphony.").value("NAME").ours(),
    OptionSpec::new(
        "security_password",
        Kind::Secret,
        Preset::Described("Guest"),
        "Password of that user; better in its environment variable, as others can read command lines.",
    )
    .environment("SCALER_WM_SYMPHONY_PASSWORD")
    .value("PASSWORD")
    .ours(),
];
