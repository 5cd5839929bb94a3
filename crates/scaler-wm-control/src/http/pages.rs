//! What is answered to which path.

use std::fmt;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue},
    http::request::Parts,
};
use scaler_wm_core::control::Control;
use tracing::error;

use super::{health, readiness};
use crate::metrics::{Build, Format, exposition};

const TEXT: &str = "text/plain; charset=utf-8";
/// What there is, for whoever asks for something else.
const WHAT_THERE_IS: &str = "There is nothing here. There are:\n\
    /metrics  figures of every manager, for Prometheus\n\
    /healthz  200 while the loops of all managers turn, else 503\n\
    /readyz   200 while every manager has begun and its scheduler answers, else 503\n";

/// One page.
struct Page {
    status: StatusCode,
    kind: &'static str,
    text: String,
}

impl Page {
    fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, kind: TEXT, text: text.into() }
    }

    fn health(health: super::Health) -> Self {
        let status = if health.is_good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        Self::text(status, health.text)
    }

    fn metrics(managers: &[Control], build: &Build, headers: &HeaderMap) -> Self {
        let format = Format::asked_for(headers);
        match exposition(managers, build, format) {
            Ok(text) => Self { status: StatusCode::OK, kind: format.content_type(), text },
            Err(fmt::Error) => {
                error!("metrics could not be written");
                Self::text(StatusCode::INTERNAL_SERVER_ERROR, "metrics could not be written\n")
            }
        }
    }
}

/// The answer to a request.
pub(super) fn answer(request: &Parts, managers: &[Control], build: &Build) -> Response<Full<Bytes>> {
    let is_head = request.method == Method::HEAD;
    let page = match request.uri.path() {
        _ if request.method != Method::GET && !is_head => {
            Page::text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD: nothing can be changed here.\n")
        }
        "/metrics" => Page::metrics(managers, build, &request.headers),
        "/healthz" => Page::health(health(managers)),
        "/readyz" => Page::health(readiness(managers)),
        _ => Page::text(StatusCode::NOT_FOUND, WHAT_THERE_IS),
    };
    let length = page.text.len();
    let mut answer = Response::new(Full::from(if is_head { Bytes::new() } else { Bytes::from(page.text) }));
    *answer.status_mut() = page.status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(page.kind));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if page.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    answer
}
