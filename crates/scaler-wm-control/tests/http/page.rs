//! The page itself: what comes with it, and that nobody is sent it twice.

use crate::{
    client::{Server, body, header},
    server::status,
};

#[tokio::test(start_paused = true)]
async fn the_page_is_sent_once_and_may_do_nothing_but_ask() {
    let server = Server::of(Vec::new()).await;
    let page = server.get("/").await;
    assert_eq!(status(&page), "200");
    assert_eq!(header(&page, "content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(header(&page, "cache-control"), Some("no-cache"));
    assert_eq!(header(&page, "x-content-type-options"), Some("nosniff"));
    assert_eq!(header(&page, "referrer-policy"), Some("no-referrer"));
    assert!(body(&page).starts_with("<!doctype html>") && body(&page).ends_with("</html>\n"));
    let policy = header(&page, "content-security-policy").expect("a policy");
    for part in ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "form-action 'none'"] {
        assert!(policy.split("; ").any(|given| given == part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");

    let head = server.ask("HEAD", "/", "").await;
    assert_eq!(head.replace("HEAD", "GET"), page.replace(body(&page), ""), "the same head, and no more");
    let tag = header(&page, "etag").expect("a tag");
    let again = server.ask("GET", "/", &format!("if-none-match: {tag}\r\n")).await;
    assert_eq!((status(&again), body(&again), header(&again, "etag")), ("304", "", Some(tag)));
    assert_eq!(header(&again, "content-security-policy"), Some(policy));
    let other = server.ask("GET", "/", "if-none-match: \"other\"\r\n").await;
    assert_eq!(status(&other), "200");
    assert_eq!(status(&server.get("/?manager=x#y").await), "200");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_page_may_do_nothing_in_a_browser() {
    let server = Server::of(Vec::new()).await;
    for path in ["/metrics", "/healthz", "/readyz", "/api/v1/status", "/else"] {
        let answer = server.get(path).await;
        assert_eq!(header(&answer, "content-security-policy"), Some("default-src 'none'"), "{path}");
        assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"), "{path}");
        let keeping = if path == "/api/v1/status" { "no-cache" } else { "no-store" };
        assert_eq!(header(&answer, "cache-control"), Some(keeping), "{path}");
        // Pages of others cannot read what is here.
        assert_eq!(header(&answer, "access-control-allow-origin"), None, "{path}");
    }
}
