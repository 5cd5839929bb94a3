//! Released scheduler, object storage, client and workers over every transport, and whom our manager trusts on it.

mod matrix;
mod refusals;
mod renewal;
mod storage;

use std::path::Path;

use scaler_wm_tests::{Authority, Certificate, Failure, Good, Result, Transport};

/// An authority, and what it signed for this machine.
fn signed(folder: &Path) -> Result<(Authority, Certificate)> {
    let failed = |error| Failure::new("make certificates", error);
    let authority = Authority::new(folder, "authority").map_err(failed)?;
    let certificate = authority.sign(folder, "scheduler", &["127.0.0.1"], Good::Now).map_err(failed)?;
    Ok((authority, certificate))
}

fn tls(certificate: &Certificate) -> Transport {
    Transport::Tls(certificate.file.clone(), certificate.key.clone())
}

fn folder() -> Result<tempfile::TempDir> {
    tempfile::tempdir().map_err(|error| Failure::new("make a folder for certificates", error))
}
