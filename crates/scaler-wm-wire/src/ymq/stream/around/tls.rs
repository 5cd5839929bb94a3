//! TLS around a stream.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use scaler_wm_core::Address;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::{bare_host, from_io};
use crate::{
    Error, ErrorKind, Result,
    ymq::{Pin, TlsIdentity, Trust},
};

const CONNECT: &str = "connect";

/// The workspace has one: that of the AWS SDK.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Greets the peer at `address`, which has to convince `trust`.
pub(super) async fn connect<S>(stream: S, address: &Address, trust: &Trust) -> Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(bare_host(address).to_owned()).map_err(|error| {
        Error::new(ErrorKind::Address, CONNECT, format!("{address} names no host that a certificate can be for"))
            .with_source(error)
    })?;
    let seen = Seen::default();
    let verifier = Arc::new(Verifier::new(trust, seen.clone()).map_err(|error| error.with_context(address))?);
    let failed = |error: rustls::Error| Error::new(ErrorKind::Unsupported, CONNECT, "set up TLS").with_source(error);
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    // A connection lasts for as long as it can, and the next one has a configuration of its own: nothing to resume.
    config.resumption = Resumption::disabled();
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let mut stream = connected.map_err(|error| explain(error, address, trust, seen.pin()))?;
    // Not before: the released scheduler ends when somebody breaks off a greeting (2.9.0, EPROTO). Nothing has been said
    // yet, and nothing been read.
    if let Some(error) = seen.problem() {
        // Whatever becomes of the farewell: it is over.
        let _ = stream.shutdown().await;
        return Err(explain(io::Error::other(error), address, trust, seen.pin()));
    }
    Ok(TlsStream::from(stream))
}

/// What greets those who connect to a binder.
pub(super) fn acceptor(identity: &TlsIdentity, address: &Address) -> Result<TlsAcceptor> {
    let failed = |error: rustls::Error| {
        let context = format!(
            "{address}: {} with {} cannot be shown to anybody",
            identity.certificate.display(),
            identity.key.display()
        );
        Error::new(ErrorKind::Address, "listen", context).with_source(error)
    };
    let unreadable = |file: &Path, error: rustls::pki_types::pem::Error| {
        Error::new(ErrorKind::Address, "listen", format!("{} cannot be read", file.display())).with_source(error)
    };
    let chain = certificates(&identity.certificate).map_err(|error| unreadable(&identity.certificate, error))?;
    let key = PrivateKeyDer::from_pem_file(&identity.key).map_err(|error| unreadable(&identity.key, error))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(failed)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_file_iter(file)?.collect()
}

/// The certificate that a peer showed, and what is wrong with it.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Option<Shown>>>);

#[derive(Clone, Debug)]
struct Shown {
    pin: Pin,
    problem: Option<rustls::Error>,
}

impl Seen {
    fn set(&self, shown: Shown) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
    }

    fn pin(&self) -> Option<Pin> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|shown| shown.pin)
    }

    /// What is wrong with the peer's certificate; that it showed none is wrong, too.
    fn problem(&self) -> Option<rustls::Error> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().map_or(Some(rustls::Error::NoCertificatesPresented), |shown| shown.problem.clone())
    }
}

/// Verifies peers as [`Trust`] says. The greeting goes on whatever comes of it, and [`connect`] looks at that.
#[derive(Debug)]
struct Verifier {
    rule: Rule,
    seen: Seen,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
enum Rule {
    /// A chain to one of these; or the peer's own certificate is among the named ones.
    Chain {
        roots: Arc<WebPkiServerVerifier>,
        named: Vec<CertificateDer<'static>>,
    },
    Pins(Vec<Pin>),
    Anyone,
}

impl Verifier {
    fn new(trust: &Trust, seen: Seen) -> Result<Self> {
        let provider = provider();
        let algorithms = provider.signature_verification_algorithms;
        let chain = |certificates: Vec<CertificateDer<'static>>, whose: &str| {
            let mut store = RootCertStore::empty();
            let named = certificates.clone();
            store.add_parsable_certificates(certificates);
            let roots = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider)).build();
            roots.map(|roots| Rule::Chain { roots, named }).map_err(|error| {
                let context = format!("{whose} no certificate that anybody could be trusted for");
                Error::new(ErrorKind::Untrusted, CONNECT, context).with_source(error)
            })
        };
        let rule = match trust {
            Trust::System => {
                // Without those of the peer itself: that is what a file is for.
                let found = rustls_native_certs::load_native_certs();
                chain(found.certs, "this system has (name some by --tls-ca FILE)").map(|rule| match rule {
                    Rule::Chain { roots, .. } => Rule::Chain { roots, named: Vec::new() },
                    rule => rule,
                })?
            }
            Trust::File(file) => {
                let found = certificates(file).map_err(|error| {
                    let context = format!("{} (--tls-ca) cannot be read", file.display());
                    Error::new(ErrorKind::Untrusted, CONNECT, context).with_source(error)
                })?;
                chain(found, &format!("{} (--tls-ca) has", file.display()))?
            }
            Trust::Certificates(pins) => Rule::Pins(pins.clone()),
            Trust::Anyone => Rule::Anyone,
        };
        Ok(Self { rule, seen, algorithms })
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
            Rule::Chain { roots, named } => {
                match roots.verify_server_cert(certificate, intermediates, name, ocsp, now) {
                    // Named as it is, it needs nobody to vouch for it, and may call itself an authority, as what `openssl
                    // req -x509` makes does. Its time has been looked at before either is found, its name has not.
                    Err(error) if is_of_its_issuer(&error) && named.iter().any(|known| known == certificate) => {
                        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)
                    }
                    verified => verified.map(|_| ()),
                }
            }
        }
    }
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
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
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

/// What became of a greeting, in words that name the way out.
fn explain(error: io::Error, address: &Address, trust: &Trust, shown: Option<Pin>) -> Error {
    use rustls::Error as Tls;
    let reason = error.get_ref().and_then(|source| source.downcast_ref::<Tls>());
    let (kind, what) = match reason {
        Some(Tls::InvalidCertificate(problem)) => (ErrorKind::Untrusted, untrusted(problem, trust, shown)),
        Some(Tls::InvalidMessage(_)) => {
            let what = "what it says is no TLS: if it listens without, the address begins with tcp:// or ws://";
            (ErrorKind::OtherTransport, what.to_owned())
        }
        Some(_) => (ErrorKind::OtherTransport, "the greeting failed".to_owned()),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            let what =
                "it hung up during the greeting of TLS: if it listens without, the address begins with tcp:// or ws://";
            (ErrorKind::OtherTransport, what.to_owned())
        }
        None => return from_io(error, CONNECT, address),
    };
    Error::new(kind, CONNECT, format!("{address}: {what}")).with_source(error)
}

fn untrusted(problem: &CertificateError, trust: &Trust, shown: Option<Pin>) -> String {
    use CertificateError as Problem;
    let pin = shown.map(|pin| format!("--tls-pin {pin}")).unwrap_or_default();
    let way_out = format!("trust it by --tls-ca FILE or {pin}, or anybody by --tls-skip-verify");
    match (problem, trust) {
        (Problem::Expired | Problem::ExpiredContext { .. }, _) => {
            format!("its certificate has expired: give it a new one, or trust this one by {pin}")
        }
        (Problem::NotValidYet | Problem::NotValidYetContext { .. }, _) => {
            "its certificate is not valid yet: look at the clocks of both machines".to_owned()
        }
        (Problem::NotValidForName | Problem::NotValidForNameContext { .. }, _) => {
            format!("its certificate is for another host: connect by a name that is in it, or trust it by {pin}")
        }
        (_, Trust::Certificates(_)) => format!("its certificate is another one than --tls-pin names: it has {pin}"),
        (_, Trust::File(file)) => {
            format!("none of {} (--tls-ca) vouches for its certificate; {way_out}", file.display())
        }
        _ => format!("nobody whom this system trusts vouches for its certificate; {way_out}"),
    }
}
