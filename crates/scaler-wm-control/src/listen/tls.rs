//! What is read of PEM files. What is wrong with one is told in words, without its name.

use std::path::Path;

use rustls::{
    RootCertStore,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{Error as PemError, PemObject},
    },
};

/// What is spoken inside: HTTP/2 and nothing else.
pub(crate) const PROTOCOL: &[u8] = b"h2";

/// The certificates of a file.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_file_iter(file).map_err(words)?;
    let all = all.collect::<Result<Vec<_>, _>>().map_err(words)?;
    if all.is_empty() {
        return Err("there is no certificate in it; it must be a PEM file".to_owned());
    }
    Ok(all)
}

/// The authorities of a file.
pub(crate) fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    Ok(roots)
}

/// The private key of a file.
pub(crate) fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(file).map_err(words)
}

fn words(error: PemError) -> String {
    match error {
        PemError::Io(error) => format!("it cannot be read: {error}"),
        PemError::NoItemsFound => "nothing of the kind is in it; it must be a PEM file".to_owned(),
        other => other.to_string(),
    }
}
