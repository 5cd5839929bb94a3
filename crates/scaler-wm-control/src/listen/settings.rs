//! Where to listen over TCP, and whom to let in: checked before anything is started.

use std::{
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{ServerConfig, crypto::aws_lc_rs, server::WebPkiClientVerifier};
use scaler_wm_core::files::open_to_all;

use super::{PROTOCOL, Token, authorities, certificates, private_key};

/// Where to listen over TCP, and whom to let in.
#[derive(Clone)]
pub struct Tcp {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) token: Option<Token>,
    warnings: Vec<String>,
}

impl fmt::Debug for Tcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tcp").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Tcp {
    /// Where.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is worth a line in a log.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// The files that say whom to let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Certificate chain to show, in PEM.
    pub certificate: Option<PathBuf>,
    /// Its private key, in PEM.
    pub key: Option<PathBuf>,
    /// Authorities of clients, in PEM.
    pub client_authority: Option<PathBuf>,
    /// Token that clients send.
    pub token: Option<PathBuf>,
}

/// What is wrong with where to listen: with which option, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenError {
    /// The key of the option.
    pub key: &'static str,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.problem)
    }
}

impl std::error::Error for ListenError {}

const ADDRESS: &str = "control_address";
const CERTIFICATE: &str = "control_tls_cert";
const KEY: &str = "control_tls_key";
const CLIENT_AUTHORITY: &str = "control_client_ca";
const TOKEN: &str = "control_token_file";

impl Tcp {
    /// Checks that nobody is let in whom nobody knows, and reads the files.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn new(address: &str, files: &Files) -> Result<Self, ListenError> {
        let wrong = |key, problem: String| Err(ListenError { key, problem });
        let address = resolved(ADDRESS, address)?;
        let Files { certificate, key, client_authority, token: token_file } = files;
        let token = match token_file {
            Some(path) => {
                let token = Token::read(path).map_err(|problem| cannot(TOKEN, path, &problem))?;
                if let Some(problem) = open_to_all(path) {
                    return Err(cannot(TOKEN, path, &problem));
                }
                Some(token)
            }
            None => None,
        };
        let tls = match (certificate, key) {
            (Some(certificate), Some(key)) => {
                if client_authority.is_none() && token.is_none() {
                    let problem = format!(
                        "TLS alone lets everybody in: give {CLIENT_AUTHORITY}, whose certificates clients show, or \
                         {TOKEN}, which they send"
                    );
                    return wrong(CERTIFICATE, problem);
                }
                Some(server(certificate, key, client_authority.as_deref())?)
            }
            (Some(_), None) => return wrong(CERTIFICATE, format!("it needs its private key: give {KEY}, too")),
            (None, Some(_)) => return wrong(KEY, format!("it needs its certificate: give {CERTIFICATE}, too")),
            (None, None) if client_authority.is_some() => {
                let problem = format!("clients show certificates in TLS only: give {CERTIFICATE} and {KEY}, too");
                return wrong(CLIENT_AUTHORITY, problem);
            }
            (None, None) if !address.ip().is_loopback() => {
                let why = match token {
                    Some(_) => "the token would be readable on its way",
                    None => "whoever reaches it could end every worker",
                };
                let problem = format!(
                    "{address} is not at loopback, and {why}: give {CERTIFICATE}, {KEY}, and {CLIENT_AUTHORITY} or {TOKEN}; \
                     or listen at 127.0.0.1 and come by ssh"
                );
                return wrong(ADDRESS, problem);
            }
            (None, None) => None,
        };
        let shown = |key: &PathBuf| open_to_all(key).map(|problem| format!("{KEY}: {}: {problem}", key.display()));
        let mut warnings: Vec<String> = key.iter().filter_map(shown).collect();
        if tls.is_none() && token.is_none() {
            warnings.push(format!(
                "whoever has an account on this host can operate what listens at {address}: {TOKEN} keeps others out"
            ));
        }
        Ok(Self { address, tls, token, warnings })
    }
}

/// What a listener shows, and whom it lets in.
fn server(certificate: &Path, key: &Path, client_authority: Option<&Path>) -> Result<Arc<ServerConfig>, ListenError> {
    let chain = certificates(certificate).map_err(|problem| cannot(CERTIFICATE, certificate, &problem))?;
    let secret = private_key(key).map_err(|problem| cannot(KEY, key, &problem))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| cannot(CERTIFICATE, certificate, &error.to_string()))?;
    let builder = match client_authority {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let roots = authorities(file).map_err(|problem| cannot(CLIENT_AUTHORITY, file, &problem))?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            let verifier = verifier.map_err(|error| cannot(CLIENT_AUTHORITY, file, &error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, secret).map_err(|error| {
        let problem = format!("it does not go with the key in {}: {error}", key.display());
        cannot(CERTIFICATE, certificate, &problem)
    })?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(Arc::new(config))
}

/// An address to listen at. Every address of a name has to be at loopback for it to count as such, so the one that is
/// not comes first.
///
/// # Errors
/// When it is none.
pub fn resolved(key: &'static str, address: &str) -> Result<SocketAddr, ListenError> {
    let wrong = |why: &str| {
        let problem =
            format!("`{address}` is no address to listen at ({why}); write HOST:PORT, such as 127.0.0.1:9465");
        ListenError { key, problem }
    };
    let mut all: Vec<SocketAddr> = address.to_socket_addrs().map_err(|error| wrong(&error.to_string()))?.collect();
    all.sort_by_key(|address| address.ip().is_loopback());
    all.first().copied().ok_or_else(|| wrong("the name has no address"))
}

fn cannot(key: &'static str, path: &Path, problem: &str) -> ListenError {
    ListenError { key, problem: format!("{}: {problem}", path.display()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_would_let_everybody_in_is_refused_with_the_way_out() {
        let file = || Some(PathBuf::from("/nowhere"));
        let token = tempfile::NamedTempFile::new().unwrap();
        // It is for its user alone.
        std::fs::write(token.path(), "0123456789abcdef").unwrap();
        let none = Files::default;
        let with_token = || Files { token: Some(token.path().to_owned()), ..none() };
        let cases = [
            ("0.0.0.0:0", none(), ADDRESS, "control_tls_cert"),
            ("[::]:0", none(), ADDRESS, "127.0.0.1"),
            ("nonsense", none(), ADDRESS, "HOST:PORT"),
            ("0.0.0.0:0", with_token(), ADDRESS, "readable on its way"),
            ("127.0.0.1:0", Files { certificate: file(), ..none() }, CERTIFICATE, "private key"),
            ("127.0.0.1:0", Files { key: file(), ..none() }, KEY, "its certificate"),
            ("127.0.0.1:0", Files { certificate: file(), key: file(), ..none() }, CERTIFICATE, "lets everybody in"),
            ("127.0.0.1:0", Files { client_authority: file(), ..none() }, CLIENT_AUTHORITY, "control_tls_cert"),
            ("127.0.0.1:0", Files { token: file(), ..none() }, TOKEN, "/nowhere: it cannot be read"),
            (
                "127.0.0.1:0",
                Files { certificate: file(), key: file(), client_authority: file(), ..none() },
                CERTIFICATE,
                "/nowhere: it cannot be read",
            ),
        ];
        for (address, files, option, words) in cases {
            let ListenError { key, problem } = Tcp::new(address, &files).unwrap_err();
            assert_eq!(key, option, "{problem}");
            assert!(problem.contains(words), "{problem}");
        }
        assert_eq!(Tcp::new("127.0.0.1:0", &none()).unwrap().warnings().len(), 1);
        assert!(Tcp::new("localhost:0", &with_token()).unwrap().address().ip().is_loopback());
    }
}
