//! The way to a plug-in: opened when it is used, and opened anew when it is stuck.

use std::{
    fs,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use scaler_wm_core::{Error, ErrorKind, Result, files};
use tonic::{
    metadata::{Ascii, MetadataValue},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use tracing::warn;

use crate::{ExternalConfig, PluginAddress};

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How soon a peer is missed whose host has gone without a word.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What stands before a token.
const BEARER: &str = "Bearer ";

/// The way to one plug-in.
#[derive(Debug)]
pub(crate) struct Line {
    endpoint: Endpoint,
    channel: Mutex<(u64, Channel)>,
    token: Option<MetadataValue<Ascii>>,
}

/// What stands for the token in what others say.
const HIDDEN: &str = "[token]";

impl Line {
    /// Nothing is called yet.
    ///
    /// # Errors
    /// When a file cannot be read, or has not in it what it should.
    pub(crate) fn new(config: &ExternalConfig) -> Result<Self> {
        let endpoint = endpoint(config)?.connect_timeout(CONNECT_WITHIN).tcp_keepalive(Some(KEEP_ALIVE));
        let token = config.token_file.as_deref().map(token).transpose()?;
        let channel = Mutex::new((0, endpoint.connect_lazy()));
        Ok(Self { endpoint, channel, token })
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Channel)> {
        self.channel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A channel, and its number. It connects by itself, again and again.
    pub(crate) fn channel(&self) -> (u64, Channel) {
        self.lock().clone()
    }

    /// The channel of that number has let somebody wait: whoever calls from now on gets another one.
    pub(crate) fn give_up(&self, number: u64) {
        let mut channel = self.lock();
        if channel.0 == number {
            *channel = (number + 1, self.endpoint.connect_lazy());
        }
    }

    /// A text that the plug-in wrote, or what stands before it, which may show what it was sent.
    pub(crate) fn without_token(&self, text: &str) -> String {
        let token = self.token.as_ref().and_then(|token| token.to_str().ok()?.strip_prefix(BEARER));
        token.map_or_else(|| text.to_owned(), |token| text.replace(token, HIDDEN))
    }

    /// A request that says who asks.
    pub(crate) fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        request
    }
}

fn endpoint(config: &ExternalConfig) -> Result<Endpoint> {
    let refuse = |context: String| Error::new(ErrorKind::Invalid, "reach the plug-in", context);
    let endpoint = Endpoint::from_shared(config.address.to_string())
        .map_err(|error| refuse(format!("provider_address {}", config.address)).with_source(error))?;
    let (PluginAddress::Tls(_), Some(ca)) = (&config.address, &config.ca) else { return Ok(endpoint) };
    let unusable = |context: &str| refuse(format!("provider_ca (--provider-ca) {}: {context}", ca.display()));
    let pem = fs::read(ca).map_err(|error| unusable("it cannot be read").with_source(error))?;
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
    endpoint.tls_config(tls).map_err(|error| unusable("it holds no certificates").with_source(error))
}

fn token(path: &Path) -> Result<MetadataValue<Ascii>> {
    let refuse = |why: &str| {
        Error::new(
            ErrorKind::Invalid,
            "reach the plug-in",
            format!("provider_token_file (--provider-token-file) {}: {why}", path.display()),
        )
    };
    if let Some(problem) = files::open_to_all(path) {
        warn!("--provider-token-file {}: {problem}", path.display());
    }
    let text = fs::read_to_string(path).map_err(|error| refuse("it cannot be read").with_source(error))?;
    let line = text.lines().next().map(str::trim).filter(|line| !line.is_empty());
    let line = line.ok_or_else(|| refuse("its first line is empty"))?;
    let mut token: MetadataValue<Ascii> =
        format!("{BEARER}{line}").parse().map_err(|_| refuse("its first line has more in it than printable ASCII"))?;
    // So that nothing shows it.
    token.set_sensitive(true);
    Ok(token)
}
