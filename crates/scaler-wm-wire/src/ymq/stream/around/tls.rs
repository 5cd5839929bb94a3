//! TLS around a stream.

use std::{io, path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, OtherError, ServerConfig,
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use scaler_wm_core::Address;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::{
    bare_host, from_io,
    verifier::{Seen, Verifier},
};
use crate::{
    Error, ErrorKind, Result,
    ymq::{Pin, TlsIdentity, Trust},
};

pub(super) const CONNECT: &str = "connect";

/// The workspace has one: that of the AWS SDK.
pub(super) fn provider() -> Arc<CryptoProvider> {
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

/// The certificates in a PEM file.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_file_iter(file)?.collect()
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
        Some(_) => {
            let what =
                "no TLS that both sides speak could be agreed on: look at the versions and ciphers that it allows";
            (ErrorKind::OtherTransport, what.to_owned())
        }
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
        (Problem::Other(other), _) if is_version_1(other) => {
            "its certificate is of X.509 version 1, which nobody verifies any more: make one of version 3".to_owned()
        }
        (Problem::BadSignature, Trust::Certificates(_)) => "it does not have the key of its certificate".to_owned(),
        (_, Trust::Certificates(_)) => format!("its certificate is another one than --tls-pin names: it has {pin}"),
        (_, Trust::File(file)) => {
            format!("none of {} (--tls-ca) vouches for its certificate; {way_out}", file.display())
        }
        _ => format!("nobody whom this system trusts vouches for its certificate; {way_out}"),
    }
}

fn is_version_1(error: &OtherError) -> bool {
    matches!(error.0.downcast_ref(), Some(webpki::Error::UnsupportedCertVersion))
}
