//! Whom a peer behind TLS has convinced.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::{
    CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::tls::{CONNECT, certificates, provider};
use crate::{
    Error, ErrorKind, Result,
    ymq::{Pin, Trust},
};

/// The certificate that a peer showed, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Arc<Mutex<Option<Shown>>>);

#[derive(Clone, Debug)]
struct Shown {
    pin: Pin,
    problem: Option<rustls::Error>,
}

impl Seen {
    fn set(&self, shown: Shown) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
    }

    pub(super) fn pin(&self) -> Option<Pin> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|shown| shown.pin)
    }

    fn add_problem(&self, problem: rustls::Error) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shown) = seen.as_mut() {
            shown.problem.get_or_insert(problem);
        }
    }

    /// What is wrong with the peer's certificate; that it showed none is wrong, too.
    pub(super) fn problem(&self) -> Option<rustls::Error> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().map_or(Some(rustls::Error::NoCertificatesPresented), |shown| shown.problem.clone())
    }
}

/// Verifies peers as [`Trust`] says. The greeting goes on whatever comes of it, and whoever connected looks at that.
#[derive(Debug)]
pub(super) struct Verifier {
    rule: Rule,
    seen: Seen,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
enum Rule {
    Chain(Chain),
    Pins(Vec<Pin>),
    Anyone,
}

/// Certificates that are trusted.
#[derive(Debug)]
struct Chain {
    /// Verifies whoever has a chain to one of the authorities among them.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    /// Verifies those that are among them themselves, as if each were an authority: for its time and its name. A peer that
    /// is trusted must not vouch for others.
    peers: Option<Arc<WebPkiServerVerifier>>,
    named: Vec<CertificateDer<'static>>,
}

impl Verifier {
    pub(super) fn new(trust: &Trust, seen: Seen) -> Result<Self> {
        let rule = match trust {
            Trust::System => Rule::Chain(Chain { authorities: Some(system()?), peers: None, named: Vec::new() }),
            Trust::File(file) => {
                let named = certificates(file).map_err(|error| {
                    let context = format!("{} (--tls-ca) cannot be read", file.display());
                    Error::new(ErrorKind::Untrusted, CONNECT, context).with_source(error)
                })?;
                let authorities = named.iter().filter(|certificate| is_authority(certificate)).cloned().collect();
                let peers = verifier(named.clone());
                if peers.is_none() {
                    let context = format!("{} (--tls-ca) has no certificate", file.display());
                    return Err(Error::new(ErrorKind::Untrusted, CONNECT, context));
                }
                Rule::Chain(Chain { authorities: verifier(authorities), peers, named })
            }
            Trust::Certificates(pins) => Rule::Pins(pins.clone()),
            Trust::Anyone => Rule::Anyone,
        };
        Ok(Self { rule, seen, algorithms: provider().signature_verification_algorithms })
    }

    /// A signature that is wrong, or that cannot be verified, is a problem as any other; where anybody is trusted, it
    /// proves nothing to begin with.
    fn note(&self, verified: Result<HandshakeSignatureValid, rustls::Error>) -> HandshakeSignatureValid {
        if let (Err(error), false) = (verified, matches!(self.rule, Rule::Anyone)) {
            self.seen.add_problem(error);
        }
        HandshakeSignatureValid::assertion()
    }

    fn judge(
        &self,
        pin: Pin,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        match &self.rule {
            Rule::Anyone => Ok(()),
            Rule::Pins(pins) if pins.contains(&pin) => Ok(()),
            Rule::Pins(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            Rule::Chain(Chain { authorities, peers, named }) => {
                let is_named = named.iter().any(|known| known == certificate);
                let verifier = if is_named { peers } else { authorities };
                let verifier = verifier.as_ref().ok_or(CertificateError::UnknownIssuer)?;
                match verifier.verify_server_cert(certificate, intermediates, name, ocsp, now) {
                    // It needs nobody to vouch for it, and may call itself an authority, as what `openssl req -x509` makes
                    // does. Its time has been looked at before either is found, its name has not.
                    Err(error) if is_named && is_of_its_issuer(&error) => {
                        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)
                    }
                    verified => verified.map(|_| ()),
                }
            }
        }
    }
}

/// Verifies by the authorities of this system, which are read once; nobody's, if there is none.
fn system() -> Result<Arc<WebPkiServerVerifier>> {
    static SYSTEM: OnceLock<Option<Arc<WebPkiServerVerifier>>> = OnceLock::new();
    let found = SYSTEM.get_or_init(|| verifier(rustls_native_certs::load_native_certs().certs));
    found.clone().ok_or_else(|| {
        let context = "this system has no certificate authorities: name some by --tls-ca FILE";
        Error::new(ErrorKind::Untrusted, CONNECT, context)
    })
}

/// Verifies by these authorities; nothing where there is none.
fn verifier(certificates: Vec<CertificateDer<'static>>) -> Option<Arc<WebPkiServerVerifier>> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates);
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider()).build().ok()
}

/// Whether a certificate says that it may vouch for others: its extension `basicConstraints`, in DER.
fn is_authority(certificate: &CertificateDer<'_>) -> bool {
    const BASIC_CONSTRAINTS: [u8; 5] = [0x06, 0x03, 0x55, 0x1d, 0x13];
    const TRUE: [u8; 3] = [0x01, 0x01, 0xff];
    let Some(at) = certificate.windows(BASIC_CONSTRAINTS.len()).position(|bytes| bytes == BASIC_CONSTRAINTS) else {
        return false;
    };
    let value = &certificate[at + BASIC_CONSTRAINTS.len()..];
    // It may be critical; then an octet string, and in it a sequence that begins with whether it is one.
    let value = value.strip_prefix(&TRUE).unwrap_or(value);
    matches!(value, [0x04, _, 0x30, _, 0x01, 0x01, 0xff, ..])
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let pin = pin_of(certificate);
        let problem = self.judge(pin, certificate, intermediates, name, ocsp, now).err();
        self.seen.set(Shown { pin, problem });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(self.note(verify_tls12_signature(message, certificate, signed, &self.algorithms)))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(self.note(verify_tls13_signature(message, certificate, signed, &self.algorithms)))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The SHA-256 of a certificate, by the hash of a cipher suite: no further crate for it.
fn pin_of(certificate: &CertificateDer<'_>) -> Pin {
    let rustls::SupportedCipherSuite::Tls13(suite) = aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256 else {
        unreachable!("it is a suite of TLS 1.3 by its name");
    };
    let digest = suite.common.hash_provider.hash(certificate);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    Pin::new(bytes)
}

/// Whether all that is wrong is who signed it.
fn is_of_its_issuer(error: &rustls::Error) -> bool {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => true,
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
            matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}
