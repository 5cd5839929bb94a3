//! The two text formats.

use hyper::header::{ACCEPT, HeaderMap};
use prometheus_client::encoding::prometheus_text;

/// A text format of metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The one that everything reads, version 0.0.4.
    #[default]
    Prometheus,
    /// OpenMetrics 1.0, with units and an end.
    OpenMetrics,
}

impl Format {
    /// The one to answer with: OpenMetrics for whoever names it, as Prometheus does.
    #[must_use]
    pub fn asked_for(headers: &HeaderMap) -> Self {
        let accepts = headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
        let mut kinds = accepts.flat_map(|accept| accept.split(','));
        if kinds.any(accepts_open_metrics) { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// Its media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Whether one of the kinds that somebody accepts is the OpenMetrics that we write.
fn accepts_open_metrics(kind: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    if !parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/openmetrics-text")) {
        return false;
    }
    parts.all(|part| match part.split_once('=') {
        Some(("version", version)) => version.trim_matches('"').starts_with("1."),
        Some(("q", weight)) => weight.parse::<f32>().is_ok_and(|weight| weight > 0.0),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn whoever_names_open_metrics_gets_it() {
        // As Prometheus 3 asks, as its older releases do, and as others do.
        let modern = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                      text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for (accept, format) in [
            (modern, Format::OpenMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", Format::OpenMetrics),
            ("application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4", Format::Prometheus),
            ("application/openmetrics-text;q=0, text/plain", Format::Prometheus),
            ("text/plain", Format::Prometheus),
            ("*/*", Format::Prometheus),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(Format::asked_for(&headers), format, "{accept}");
        }
        assert_eq!(Format::asked_for(&HeaderMap::new()), Format::Prometheus);
    }
}
