//! How requests of the WebDriver library travel.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HOST;
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Response, Uri};
use thirtyfour::error::{WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};

use crate::exchange::exchange;

/// Carries them to a driver on loopback.
pub(super) struct Carrier {
    pub(super) port: u16,
}

#[async_trait]
impl HttpClient for Carrier {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        let (mut parts, body) = request.into_parts();
        let content = match body {
            Body::Empty => Bytes::new(),
            Body::Json(value) => Bytes::from(value.to_string()),
        };
        let host = format!("127.0.0.1:{}", self.port);
        parts.headers.insert(HOST, host.parse().map_err(|error| failed(&error))?);
        parts.uri = Uri::from(parts.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")));
        exchange(self.port, Request::from_parts(parts, Full::new(content))).await.map_err(|error| failed(&error))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Self { port: self.port })
    }
}

fn failed(error: &dyn std::error::Error) -> WebDriverError {
    WebDriverError::RequestFailed(error.to_string())
}
