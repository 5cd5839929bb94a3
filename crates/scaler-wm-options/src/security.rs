//! Certificates: of every part that listens, and of those whom managers connect to.

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

/// Whom the scheduler has to convince that it is the one that is meant.
pub const TRUST: &[OptionSpec] = &[
    OptionSpec::new(
        "tls_ca",
        Kind::Text,
        Preset::Described("the certificate authorities of this system"),
        "PEM file with the certificate authorities, or the certificates themselves, that a scheduler at a tls:// or wss:// \
         address is trusted by.",
    )
    .value("FILE")
    .sample("ca.pem")
    .group(Group::Security)
    .ours(),
    OptionSpec::new(
        "tls_pin",
        Kind::Texts,
        Preset::Nothing,
        "SHA-256 of the scheduler's certificate, or of several: trusted whoever signed them and whatever name is in them.",
    )
    .value("SHA256")
    .sample("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    .group(Group::Security)
    .ours(),
    OptionSpec::new(
        "tls_skip_verify",
        Kind::Flag,
        Preset::Nothing,
        "Trust whoever answers, as the Python package does: nobody can listen, but anybody can pretend to be the scheduler.",
    )
    .group(Group::Security)
    .ours(),
];

/// Both or neither.
pub(crate) fn comes_with_its_key(values: &Values) -> Result<(), OptionError> {
    match (values.get("tls_cert"), values.get("tls_key")) {
        (Some(_), None) => Err(values.problem("tls_cert", "it needs tls_key (--tls-key) beside it")),
        (None, Some(_)) => Err(values.problem("tls_key", "it needs tls_cert (--tls-cert) beside it")),
        _ => Ok(()),
    }
}
