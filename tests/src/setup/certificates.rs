//! Certificates, made by the tests themselves.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// An authority of its own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, as a PEM file.
    pub file: PathBuf,
}

/// A certificate and its key, as PEM files.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate.
    pub file: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Its bytes, of which a pin is made.
    pub der: Vec<u8>,
}

/// Until when a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Good {
    /// For longer than any test runs.
    Now,
    /// It has expired.
    UntilLastYear,
    /// It is not yet.
    FromNextCentury,
}

impl Authority {
    /// An authority whose files go into `folder`.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn new(folder: &Path, name: &str) -> Result<Self, rcgen::Error> {
        Self::of(folder, name, IsCa::Ca(BasicConstraints::Unconstrained))
    }

    /// Somebody whose certificate does not say that it may sign others, and who does.
    ///
    /// # Errors
    /// When its files cannot be made.
    pub fn unentitled(folder: &Path, name: &str) -> Result<Self, rcgen::Error> {
        Self::of(folder, name, IsCa::NoCa)
    }

    fn of(folder: &Path, name: &str, is_ca: IsCa) -> Result<Self, rcgen::Error> {
        let mut params = named(name, &[])?;
        params.is_ca = is_ca;
        let key = KeyPair::generate()?;
        let file = folder.join(format!("{name}.pem"));
        write(&file, &params.self_signed(&key)?.pem())?;
        Ok(Self { issuer: Issuer::new(params, key), file })
    }

    /// A certificate for these hosts, signed by this authority.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn sign(&self, folder: &Path, name: &str, hosts: &[&str], good: Good) -> Result<Certificate, rcgen::Error> {
        let mut params = named(name, hosts)?;
        params.use_authority_key_identifier_extension = true;
        in_time(&mut params, good);
        let key = KeyPair::generate()?;
        files(folder, name, &params.signed_by(&key, &self.issuer)?, &key)
    }
}

/// A certificate that is signed by nobody but itself; an authority, too, as `openssl req -x509` makes it, if wanted.
///
/// # Errors
/// When it cannot be made.
pub fn self_signed(
    folder: &Path,
    name: &str,
    hosts: &[&str],
    good: Good,
    is_authority: bool,
) -> Result<Certificate, rcgen::Error> {
    let mut params = named(name, hosts)?;
    in_time(&mut params, good);
    if is_authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate()?;
    files(folder, name, &params.self_signed(&key)?, &key)
}

fn named(name: &str, hosts: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn in_time(params: &mut CertificateParams, good: Good) {
    match good {
        Good::Now => {}
        Good::UntilLastYear => params.not_after = date_time_ymd(2001, 1, 1),
        Good::FromNextCentury => params.not_before = date_time_ymd(2101, 1, 1),
    }
}

fn files(
    folder: &Path,
    name: &str,
    certificate: &rcgen::Certificate,
    key: &KeyPair,
) -> Result<Certificate, rcgen::Error> {
    let (file, key_file) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    write(&file, &certificate.pem())?;
    write(&key_file, &key.serialize_pem())?;
    Ok(Certificate { file, key: key_file, der: certificate.der().to_vec() })
}

fn write(file: &Path, text: &str) -> Result<(), rcgen::Error> {
    fs::write(file, text).map_err(|_| rcgen::Error::CouldNotParseCertificate)
}
