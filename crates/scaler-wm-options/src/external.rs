//! `external`: units of a plug-in.

use scaler_wm_core::options::{CONTROL, Kind, LOCAL_POLICY, LOGGING, MANAGER, OPERATION, OptionSpec, Preset, WORKER};

use crate::{
    Section,
    rebalance::NO_REBALANCE,
    section::{MANAGER_TABLES, as_declared},
    security::TRUST,
};

/// Units of a plug-in: a program in any language that serves our provider protocol.
pub const EXTERNAL: Section = Section {
    name: "external",
    about: "Workers of a plug-in, in any language",
    options: &[MANAGER, OPTIONS, WORKER, LOGGING, OPERATION, CONTROL, TRUST, LOCAL_POLICY],
    check: as_declared,
    examples: &["external tcp://127.0.0.1:8516 --provider-address unix:///run/my-plugin.sock"],
    tables: MANAGER_TABLES,
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new(
        "provider_address",
        Kind::Text,
        Preset::Required,
        "Where the plug-in listens: unix:///PATH, http://HOST:PORT on this host, or https://HOST:PORT with provider_ca.",
    )
    .value("ADDRESS")
    .sample("unix:///run/my-plugin.sock")
    .ours(),
    OptionSpec::new(
        "provider_ca",
        Kind::Text,
        Preset::Nothing,
        "Authorities (PEM file) that the plug-in's certificate is trusted by, for provider_address with https://.",
    )
    .value("FILE")
    .sample("/etc/scaler-wm/plugin-ca.pem")
    .ours(),
    OptionSpec::new(
        "provider_token_file",
        Kind::Text,
        Preset::Nothing,
        "File whose first line goes along with every call to the plug-in, as a bearer token.",
    )
    .value("FILE")
    .sample("/etc/scaler-wm/plugin.token")
    .ours(),
    OptionSpec::new(
        "provider_options",
        Kind::Pairs,
        Preset::Nothing,
        "What the plug-in alone understands; its own documentation says what that is.",
    )
    .value("K=V,…")
    .sample("zone=a")
    .ours(),
    OptionSpec::new(
        "provider_timeout_seconds",
        Kind::PositiveFloat,
        Preset::Float(60.0),
        "Seconds that the plug-in may take to answer a call; then nobody knows whether it was done, and it is asked again.",
    )
    .value("SECONDS")
    .ours(),
    // For plug-ins whose units can be relieved; those of others are never asked.
    NO_REBALANCE,
];
