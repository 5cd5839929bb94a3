//! The server itself: what it answers, and to whom it does not.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, time::Instant};

use crate::{
    bench::{Bench, not_begun},
    client::{Server, rest},
};

pub(crate) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn pages_are_found_and_others_name_them() {
    let bench = Bench::start();
    bench.link.up();
    bench.until(|status| status.is_linked && status.has_looked).await;
    let server = Server::of(vec![bench.control.clone()]).await;
    let metrics = server.get("/metrics").await;
    assert_eq!(status(&metrics), "200");
    assert!(metrics.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{metrics}");
    assert!(metrics.contains("\n# TYPE scaler_wm_units_started_total counter\n"), "{metrics}");
    let asked = "GET /metrics?x=y HTTP/1.1\r\nhost: here\r\naccept: application/openmetrics-text;version=1.0.0\r\n\r\n";
    let metrics = server.say(asked).await;
    assert!(metrics.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
    assert!(metrics.ends_with("\n# EOF\n"), "{metrics}");
    assert_eq!(status(&server.get("/healthz").await), "200");
    assert_eq!(status(&server.get("/readyz").await), "200");
    bench.link.down();
    bench.until(|status| !status.is_linked).await;
    let not_ready = server.get("/readyz").await;
    assert!(status(&not_ready) == "503" && not_ready.contains("does not answer: the test says so"), "{not_ready}");

    for path in ["//", "/index.html", "/api/v1/", "/metrics/", "/else", "/../metrics"] {
        let answer = server.get(path).await;
        assert!(status(&answer) == "404" && answer.contains("/api/v1/status"), "{path}: {answer}");
    }
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_can_be_changed() {
    let server = Server::of(vec![not_begun().0]).await;
    let head = server.say("HEAD /metrics HTTP/1.1\r\nhost: here\r\n\r\n").await;
    assert_eq!(status(&head), "200");
    assert!(head.ends_with("\r\n\r\n") && !head.contains("content-length: 0"), "{head}");
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "WHATEVER"] {
        let request = format!("{method} /metrics HTTP/1.1\r\nhost: here\r\ncontent-length: 5\r\n\r\nhello");
        let answer = server.say(&request).await;
        assert!(status(&answer) == "405" && answer.contains("allow: GET, HEAD\r\n"), "{method}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_gets_no_page() {
    let server = Server::of(Vec::new()).await;
    let long = "x".repeat(20_000);
    let lines = "x: y\r\n".repeat(100);
    for request in [
        format!("GET /{long} HTTP/1.1\r\nhost: here\r\n\r\n"),
        format!("GET /metrics HTTP/1.1\r\nx: {long}\r\n\r\n"),
        format!("GET /metrics HTTP/1.1\r\n{lines}\r\n"),
        "\u{16}\u{3}\u{1} hello, is this TLS?\r\n\r\n".to_owned(),
    ] {
        let mut stream = server.connect().await;
        // It may close before it has all of it.
        let _ = stream.write_all(request.as_bytes()).await;
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("scaler_wm") && !answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    assert_eq!(status(&server.get("/healthz").await), "200", "it goes on");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_slow_is_cut_off_and_keeps_nobody_out() {
    let server = Server::of(Vec::new()).await;
    let began = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..300 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /heal").await.expect("it is taken");
        slow.push(stream);
    }
    // All places are taken: the oldest goes.
    assert_eq!(status(&server.get("/healthz").await), "200");
    let waited = began.elapsed();
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    for mut stream in slow {
        assert!(!rest(&mut stream).await.contains("200"));
    }
}
