//! `[object_storage_server]`.

use scaler_wm_core::options::{Group, Kind, LOGGING, OptionSpec, Preset};

use crate::{
    Section,
    security::{SECURITY, comes_with_its_key},
};

/// The package's object storage server.
pub const OBJECT_STORAGE_SERVER: Section = Section {
    name: "object_storage_server",
    about: "The object storage server of the Python package",
    options: &[OPTIONS, LOGGING, SECURITY],
    check: comes_with_its_key,
    examples: &[],
    tables: &["logging_config", "security"],
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new("bind_address", Kind::Address, Preset::Required, "Where it listens.")
        .positional()
        .value("ADDRESS")
        .sample("tcp://127.0.0.1:8517")
        .group(Group::Manager),
    OptionSpec::new("identity", Kind::Text, Preset::Text("ObjectStorageServer"), "Its name on the wire.")
        .value("NAME")
        .group(Group::Manager),
];
