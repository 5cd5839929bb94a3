//! One request and its answer, over the HTTP client of the AWS SDK.

use std::{error::Error as StdError, fmt, io, net::IpAddr, time::Duration};

use aws_smithy_http_client::{
    Connector,
    tls::{Provider as Tls, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use scaler_wm_aws::Calls;
use scaler_wm_core::{Chain, Error, ErrorKind, Result};
use serde_json::Value;
use tokio::time::{Instant, timeout};
use tracing::warn;

use super::{OrbConfig, answer::Answer};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The longest that a call may take; an answer that comes later counts as lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// No connection is used twice: the server closes one after an internal error, and when it was idle for five seconds. One
/// that it closes just as we use it would leave open whether a request was taken.
const KEPT: usize = 0;
/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 8 << 20;

/// The client that [`super::OrbProvider::start`] uses.
pub(super) fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_WITHIN).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .pool_max_idle_per_host(KEPT)
        .tls_provider(Tls::Rustls(CryptoMode::AwsLc))
        .build();
    SharedHttpConnector::new(connector)
}

/// Makes requests to one server, in one name.
pub(super) struct Http {
    connector: SharedHttpConnector,
    url: String,
    token: Option<String>,
    user_agent: String,
    calls: Calls,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("url", &self.url).field("has_token", &self.token.is_some()).finish_non_exhaustive()
    }
}

/// What a request is.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// What it is for; completes "failed to …".
    pub(super) purpose: &'static str,
    pub(super) path: &'a str,
    /// The body of one that changes something.
    pub(super) post: Option<&'a Value>,
}

impl Call<'_> {
    /// What is asked of the server, without whatever is asked about.
    fn operation(&self) -> &'static str {
        let path = self.path.split_once('?').map_or(self.path, |(path, _)| path);
        let parts: Vec<&str> = path.trim_start_matches("/api/v1").split('/').filter(|part| !part.is_empty()).collect();
        match (parts.as_slice(), self.post.is_some()) {
            (["machines", "request"], true) => "POST /machines/request",
            (["machines", "return"], true) => "POST /machines/return",
            (["machines"], false) => "GET /machines",
            (["machines", _], false) => "GET /machines/{id}",
            (["machines", _, "status"], false) => "GET /machines/{id}/status",
            (["requests", _, "status"], false) => "GET /requests/{id}/status",
            (["templates"], false) => "GET /templates",
            (["templates", _], false) => "GET /templates/{id}",
            (["me"], false) => "GET /me",
            (["health"], false) => "GET /health",
            _ => "other",
        }
    }
}

impl Http {
    pub(super) fn new(config: &OrbConfig, connector: SharedHttpConnector) -> Result<Self> {
        let refuse = |context: String| Err(Error::new(ErrorKind::Invalid, "use the ORB server", context));
        let url = config.url.trim().trim_end_matches('/');
        let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let Some(host) = host.filter(|host| !host.is_empty() && !host.starts_with('/')) else {
            return refuse("its address must begin with http:// or https:// and name a host".to_owned());
        };
        if host.contains('@') {
            return refuse("its address holds a user name or a password; give a token instead".to_owned());
        }
        if host.contains(['?', '#']) || host.contains(char::is_whitespace) {
            return refuse(format!("{url} is no address of a server; give it without a query, as http://host:port"));
        }
        let token = config.token.as_deref().map(str::trim).filter(|token| !token.is_empty());
        let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if token.is_some_and(|token| !token.bytes().all(is_of_token)) {
            return refuse("the token holds characters that no token has; give the token alone".to_owned());
        }
        if token.is_some() && is_readable_on_its_way(url) {
            warn!(url, "whoever is on the way there can read the token: give an address with https://");
        }
        let is_plain = |letter: &char| letter.is_ascii_graphic() && !matches!(letter, '(' | ')');
        let manager: String = config.manager.as_str().chars().filter(is_plain).take(128).collect();
        let user_agent = format!("scaler-wm/{} ({manager})", env!("CARGO_PKG_VERSION"));
        let (url, token, calls) = (url.to_owned(), token.map(str::to_owned), Calls::default());
        let http = Self { connector, url, token, user_agent, calls };
        // What cannot be asked at all is told now.
        http.request(Call { purpose: "use the ORB server", path: "/health", post: None }).map(|_| http)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The calls so far.
    pub(super) const fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Makes a call, and reads the whole answer, whatever its status.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Answer> {
        let request = self.request(call)?;
        let began = Instant::now();
        let answer = self.answered(call, request).await;
        let failure = match &answer {
            Ok(answer) => (!answer.is_success()).then(|| answer.class().0),
            Err(error) => Some(error.kind()),
        };
        self.calls.note(call.operation(), began.elapsed(), failure);
        answer
    }

    async fn answered(&self, call: Call<'_>, request: HttpRequest) -> Result<Answer> {
        let lost = |why: &str| Error::new(ErrorKind::Transient, call.purpose, format!("{}: {why}", self.url));
        let exchange = async {
            let sent = self.connector.call(request).await;
            self.read(call, sent.map_err(|error| self.not_answered(call, &*error.into_source()))?).await
        };
        match timeout(ANSWER_WITHIN, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(lost("no answer within 30 seconds")),
        }
    }

    fn request(&self, call: Call<'_>) -> Result<HttpRequest> {
        let body = call.post.map_or_else(SdkBody::empty, |body| SdkBody::from(body.to_string()));
        let mut request = HttpRequest::new(body);
        let invalid = |what: &str| {
            let context = format!("{}{} is {what}; check the address of the server", self.url, call.path);
            Error::new(ErrorKind::Invalid, call.purpose, context)
        };
        request.set_method(if call.post.is_some() { "POST" } else { "GET" }).map_err(|_| invalid("no request"))?;
        request.set_uri(format!("{}{}", self.url, call.path)).map_err(|_| invalid("no address"))?;
        let mut header = |name: &'static str, value: String| {
            // Not the error's own words: they may hold the value.
            request.headers_mut().try_insert(name, value).map(drop).map_err(|_| invalid("not to be asked"))
        };
        header("accept", "application/json".to_owned())?;
        header("user-agent", self.user_agent.clone())?;
        if call.post.is_some() {
            header("content-type", "application/json".to_owned())?;
        }
        if let Some(token) = &self.token {
            header("authorization", format!("Bearer {token}"))?;
        }
        Ok(request)
    }

    /// A call without an answer. A connection that was refused is certain not to have brought anything.
    fn not_answered(&self, call: Call<'_>, why: &(dyn StdError + 'static)) -> Error {
        let is_refused = refused(why);
        let kind = if is_refused && call.post.is_some() { ErrorKind::Failed } else { ErrorKind::Transient };
        let context = if is_refused {
            format!("nothing listens at {}; start the server, or check its address", self.url)
        } else {
            format!("{}: {}", self.url, Chain(why))
        };
        Error::new(kind, call.purpose, self.without_token(&context))
    }

    async fn read(&self, call: Call<'_>, response: HttpResponse) -> Result<Answer> {
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|text| text.trim().parse().ok());
        let mut stream = ByteStream::new(response.into_body());
        let mut body = Vec::new();
        let cut = |why: String| Error::new(ErrorKind::Transient, call.purpose, format!("{}: {why}", self.url));
        while let Some(part) = stream.next().await {
            let part = part.map_err(|error| cut(format!("the answer broke off: {}", Chain(&error))))?;
            if body.len() + part.len() > LARGEST_ANSWER {
                return Err(cut(format!("the answer is larger than {} MiB", LARGEST_ANSWER >> 20)));
            }
            body.extend_from_slice(&part);
        }
        // Whatever stands before the server may show what it was sent: nothing of an answer is used as it came.
        let text = self.without_token(&String::from_utf8_lossy(&body));
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, retry_after: retry_after.map(Duration::from_secs), value })
    }

    /// A text that others wrote, which may hold our token.
    fn without_token(&self, text: &str) -> String {
        let Some(token) = &self.token else { return text.to_owned() };
        // In JSON, a slash may have a backslash before it.
        text.replace(token.as_str(), "[token]").replace(&token.replace('/', "\\/"), "[token]")
    }
}

/// Whether what is sent there passes other hosts, and without TLS.
fn is_readable_on_its_way(url: &str) -> bool {
    let Some(place) = url.strip_prefix("http://") else { return false };
    let authority = place.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host != "localhost" && !bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn refused(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_to_be_readable_where_it_is() {
        for url in
            ["https://h:1", "http://localhost:8000/x", "http://127.0.0.1:8000", "http://[::1]:8000", "http://[::1]"]
        {
            assert!(!is_readable_on_its_way(url), "{url}");
        }
        for url in ["http://orb.example:8000", "http://10.0.0.1", "http://[fd00::1]:1", "http://localhost.example"] {
            assert!(is_readable_on_its_way(url), "{url}");
        }
    }

    #[test]
    fn calls_are_counted_under_few_names_whatever_they_are_about() {
        let body = Value::Null;
        for (path, post, operation) in [
            ("/api/v1/machines/request", Some(&body), "POST /machines/request"),
            ("/api/v1/machines/?request_id=req-1&limit=1000", None, "GET /machines"),
            ("/api/v1/machines/i-0abc/status", None, "GET /machines/{id}/status"),
            ("/api/v1/machines/request", None, "GET /machines/{id}"),
            ("/api/v1/templates/small?x=y", None, "GET /templates/{id}"),
            ("/health", None, "GET /health"),
            ("/api/v1/elsewhere", None, "other"),
        ] {
            assert_eq!(Call { purpose: "", path, post }.operation(), operation);
        }
    }
}
