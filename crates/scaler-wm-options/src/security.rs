//! Certificates, for every part that listens.

use scaler_wm_core::options::{Group, Kind, OptionError, OptionSpec, Preset, Values};

/// A certificate and its key.
pub(crate) const SECURITY: &[OptionSpec] = &[
    OptionSpec::new(
        "tls_cert",
        Kind::Text,
        Preset::Nothing,
        "PEM file with the certificate chain for sockets that listen at tls:// or wss:// addresses.",
    )
    .short("tc")
    .value("FILE")
    .sample("cert.pem")
    .group(Group::Security),
    OptionSpec::new("tls_key", Kind::Text, Preset::Nothing, "PEM file with the key of --tls-cert.")
        .short("tk")
        .value("FILE")
        .sample("key.pem")
        .group(Group::Security),
];

/// Both or neither.
pub(crate) fn comes_with_its_key(values: &Values) -> Result<(), OptionError> {
    match (values.get("tls_cert"), values.get("tls_key")) {
        (Some(_), None) => Err(values.problem("tls_cert", "it needs tls_key (--tls-key) beside it")),
        (None, Some(_)) => Err(values.problem("tls_key", "it needs tls_cert (--tls-cert) beside it")),
        _ => Ok(()),
    }
}
