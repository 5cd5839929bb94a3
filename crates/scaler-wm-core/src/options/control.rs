//! The options by which a manager of ours is watched and operated. These are also the keys of the `[control]` table of a
//! file.

use super::{Group, Kind, OptionSpec, Preset};

/// Where a manager is watched and told what to do; the released ones have nothing of the kind.
pub const CONTROL: &[OptionSpec] = &[
    OptionSpec::new(
        "control_socket",
        Kind::Text,
        Preset::Described("control.sock in the state folder"),
        "Unix socket of the control plane, for this user alone (mode 0600); none for no socket.",
    )
    .value("PATH")
    .sample("/run/scaler-wm/local.sock")
    .group(Group::Control)
    .ours(),
    OptionSpec::new(
        "control_address",
        Kind::Text,
        Preset::Nothing,
        "Where the control plane listens besides, as HOST:PORT: at loopback, or with control_tls_cert and either \
         control_client_ca or control_token_file.",
    )
    .value("HOST:PORT")
    .sample("127.0.0.1:9465")
    .group(Group::Control)
    .ours(),
    OptionSpec::new(
        "control_tls_cert",
        Kind::Text,
        Preset::Nothing,
        "Certificate chain (PEM file) that control_address shows. It and the files below are read at start.",
    )
    .value("FILE")
    .sample("/etc/scaler-wm/control.pem")
    .group(Group::Control)
    .ours(),
    OptionSpec::new("control_tls_key", Kind::Text, Preset::Nothing, "Private key (PEM file) of control_tls_cert.")
        .value("FILE")
        .sample("/etc/scaler-wm/control.key")
        .group(Group::Control)
        .ours(),
    OptionSpec::new(
        "control_client_ca",
        Kind::Text,
        Preset::Nothing,
        "Authorities (PEM file) of whose certificates clients of control_address have to show one.",
    )
    .value("FILE")
    .sample("/etc/scaler-wm/clients.pem")
    .group(Group::Control)
    .ours(),
    OptionSpec::new(
        "control_token_file",
        Kind::Text,
        Preset::Nothing,
        "File with the bearer token that clients of control_address have to send.",
    )
    .value("FILE")
    .sample("/etc/scaler-wm/control.token")
    .group(Group::Control)
    .ours(),
    OptionSpec::new(
        "http_address",
        Kind::Text,
        Preset::Nothing,
        "Where a status page (/), /metrics, /healthz and /readyz are served over HTTP, as HOST:PORT; whoever can reach it can \
         read them.",
    )
    .value("HOST:PORT")
    .sample("127.0.0.1:9464")
    .group(Group::Control)
    .ours(),
];
