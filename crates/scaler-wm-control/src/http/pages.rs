//! What is answered to which path.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Response, StatusCode,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
        REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
    http::request::Parts,
};
use tracing::error;

use super::{
    Health, health,
    history::History,
    page::{PAGE, POLICY, TAG},
    readiness,
    standing::Standing,
    tag::has,
};
use crate::{
    Registry,
    metrics::{Build, Format, exposition},
};

const TEXT: &str = "text/plain; charset=utf-8";
/// What there is, for whoever asks for something else.
const WHAT_THERE_IS: &str = "There is nothing here. There are:\n\
    /               how every manager stands, for people with a browser\n\
    /api/v1/status  the same as JSON\n\
    /metrics        figures of every manager, for Prometheus\n\
    /healthz        200 while the loops of all managers turn, else 503\n\
    /readyz         200 while every manager has begun and its scheduler answers, else 503\n";

/// What is served.
pub(super) struct Site {
    pub(super) registry: Registry,
    pub(super) build: Build,
    pub(super) history: History,
}

/// One page.
struct Page {
    status: StatusCode,
    kind: &'static str,
    content: Bytes,
    /// By which whoever has it already is told so.
    tag: Option<String>,
    /// What a browser may do with it.
    policy: &'static str,
}

impl Page {
    fn new(status: StatusCode, kind: &'static str, content: impl Into<Bytes>) -> Self {
        Self { status, kind, content: content.into(), tag: None, policy: "default-src 'none'" }
    }

    fn text(status: StatusCode, text: impl Into<Bytes>) -> Self {
        Self::new(status, TEXT, text)
    }

    fn health(health: Health) -> Self {
        let status = if health.is_good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        Self::text(status, health.text)
    }

    fn failed(what: &str, cause: impl std::fmt::Display) -> Self {
        error!(%cause, "{what} could not be written");
        Self::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{what} could not be written\n"))
    }

    fn metrics(site: &Site, headers: &HeaderMap) -> Self {
        let format = Format::asked_for(headers);
        match exposition(&site.registry.controls(), &site.build, format) {
            Ok(text) => Self::new(StatusCode::OK, format.content_type(), text),
            Err(cause) => Self::failed("metrics", cause),
        }
    }

    /// What is made only for whoever does not have it.
    fn tagged(
        headers: &HeaderMap,
        kind: &'static str,
        tag: String,
        make: impl FnOnce() -> serde_json::Result<Bytes>,
    ) -> Self {
        let page = if has(headers, &tag) {
            Self::new(StatusCode::NOT_MODIFIED, kind, Bytes::new())
        } else {
            match make() {
                Ok(content) => Self::new(StatusCode::OK, kind, content),
                Err(cause) => return Self::failed("the status", cause),
            }
        };
        Self { tag: Some(tag), ..page }
    }

    fn index(headers: &HeaderMap) -> Self {
        let make = || Ok(Bytes::from_static(PAGE.as_bytes()));
        Self { policy: POLICY, ..Self::tagged(headers, "text/html; charset=utf-8", TAG.clone(), make) }
    }

    fn standing(site: &Site, headers: &HeaderMap) -> Self {
        match Standing::of(&site.registry.all(), site.build.version) {
            Ok(standing) => {
                let make = |standing: Standing| standing.into_json(&site.history).map(Bytes::from);
                Self::tagged(headers, "application/json", standing.tag.clone(), || make(standing))
            }
            Err(cause) => Self::failed("the status", cause),
        }
    }

    fn at(path: &str, site: &Site, headers: &HeaderMap) -> Self {
        match path {
            "/" => Self::index(headers),
            "/api/v1/status" => Self::standing(site, headers),
            "/metrics" => Self::metrics(site, headers),
            "/healthz" => Self::health(health(&site.registry.controls())),
            "/readyz" => Self::health(readiness(&site.registry.controls())),
            _ => Self::text(StatusCode::NOT_FOUND, WHAT_THERE_IS),
        }
    }
}

/// The answer to a request.
pub(super) fn answer(request: &Parts, site: &Site) -> Response<Full<Bytes>> {
    let is_head = request.method == Method::HEAD;
    let page = if request.method == Method::GET || is_head {
        Page::at(request.uri.path(), site, &request.headers)
    } else {
        Page::text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD: nothing can be changed here.\n")
    };
    let length = page.content.len();
    let mut answer = Response::new(Full::from(if is_head { Bytes::new() } else { page.content }));
    *answer.status_mut() = page.status;
    let headers = answer.headers_mut();
    if page.status != StatusCode::NOT_MODIFIED {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(page.kind));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    // What has a tag may be kept, and is asked for again each time.
    let keeping = if page.tag.is_some() { "no-cache" } else { "no-store" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keeping));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(page.policy));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(tag) = page.tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
        headers.insert(ETAG, tag);
    }
    if page.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    answer
}
