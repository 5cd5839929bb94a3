//! What the page asks for: how managers stand, as JSON.

use std::{collections::BTreeSet, time::Duration};

use scaler_wm_conformance::{MemoryProvider, load_of};
use scaler_wm_core::Clock;
use serde_json::{Value, json};

use crate::{
    bench::{Bench, NAME, not_begun},
    client::{Server, body, header},
    server::status,
};

const PATH: &str = "/api/v1/status";

fn json_of(answer: &str) -> Value {
    assert_eq!((status(answer), header(answer, "content-type")), ("200", Some("application/json")), "{answer}");
    serde_json::from_str(body(answer)).expect("JSON")
}

async fn tag_of(server: &Server) -> String {
    header(&server.get(PATH).await, "etag").expect("a tag").to_owned()
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn it_has_what_ctl_tells_and_what_happened() {
    let bench = Bench::start();
    bench.link.up();
    bench.link.wish(3);
    bench.until_units(3).await;
    let now = Clock::system().now();
    let tasks = bench.provider.units().iter().map(MemoryProvider::worker_of).zip([0, 1, 2]).collect::<Vec<_>>();
    bench.link.load(load_of(Some(now), now, tasks));
    bench.until(|status| status.units.iter().any(|unit| unit.work.tasks() == 2)).await;
    let server = Server::of(vec![bench.control.clone()]).await;
    let answer = json_of(&server.get(PATH).await);
    assert_eq!(names(&answer), ["managers", "now_ms", "pid", "version"].into());
    assert_eq!(answer["version"], "1.2.3");
    assert_eq!(answer["pid"], std::process::id());
    let manager = &answer["managers"][0];
    // As the schema names them.
    for (name, value) in [
        ("manager", json!(NAME)),
        ("type", json!("memory")),
        ("stage", json!("running")),
        ("desired", json!(3)),
        ("observed", json!(3)),
        ("running", json!(3)),
        ("on_order", json!(0)),
        ("tasks", json!(3)),
        ("limits", json!({"most_units": 8, "task_concurrency_per_unit": 1})),
        ("bounds", Value::Null),
        ("backoff", Value::Null),
        ("is_failing", json!(false)),
        ("not_ready", Value::Null),
        ("units_total", json!(3)),
        ("place", json!("a test\nin memory")),
    ] {
        assert_eq!(manager[name], value, "{name} in {manager:#}");
    }
    assert_eq!(manager["link"]["heartbeat_lag_seconds"], 0.25);
    assert_eq!(names(&manager["explain"]), ["not_fewer", "not_more", "now"].into());
    assert!(manager["explain"]["now"].as_str().is_some_and(|words| words.starts_with("3 units there; ")));
    let units = manager["units"].as_array().expect("units");
    let told: Vec<&Value> = units.iter().map(|unit| &unit["unit"]).collect();
    assert!(told.len() == 3 && told.is_sorted_by_key(|name| name.as_str()), "{told:?}");
    assert!(units.iter().any(|unit| unit["state"] == "busy" && unit["tasks"] == 2), "{units:?}");
    let decision = &manager["decisions"][0];
    assert!(decision["cause"].is_string() && decision["effects"].is_array() && decision["at_ms"].is_u64());
    let events = manager["events"].as_array().expect("events");
    let numbers: Vec<u64> = events.iter().filter_map(|event| event["sequence"].as_u64()).collect();
    assert!(numbers.is_sorted() && numbers.last() == manager["last_event"].as_u64().as_ref(), "{numbers:?}");
    assert!(events.iter().all(|event| event["manager"] == NAME));
    assert_eq!(manager["history"][0].as_array().map(Vec::len), Some(4), "{}", manager["history"]);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_has_it_is_told_so_until_something_happens() {
    let bench = Bench::start();
    bench.link.up();
    bench.link.wish(1);
    bench.until_units(1).await;
    let server = Server::of(vec![bench.control.clone()]).await;
    let tag = tag_of(&server).await;
    // Clocks and samples go on meanwhile.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let lines = format!("if-none-match: {tag}\r\n");
    for method in ["GET", "HEAD"] {
        let same = server.ask(method, PATH, &lines).await;
        assert_eq!((status(&same), body(&same), header(&same, "etag")), ("304", "", Some(&*tag)), "{method}");
    }
    bench.link.wish(2);
    bench.until_units(2).await;
    let other = server.ask("GET", PATH, &lines).await;
    assert_ne!(header(&other, "etag"), Some(&*tag));
    let answer = json_of(&other);
    assert_eq!(answer["managers"][0]["observed"], 2);
    // Of the samples, those that say something new; the last one is what the status says by itself.
    let history = answer["managers"][0]["history"].as_array().expect("history");
    assert_eq!(history.len(), 1, "{history:?}");
    tokio::time::sleep(Duration::from_secs(6)).await;
    let answer = json_of(&server.get(PATH).await);
    let history = answer["managers"][0]["history"].as_array().expect("history");
    let counts: Vec<_> = history.iter().map(|sample| [&sample[1], &sample[2], &sample[3]]).collect();
    assert_eq!(counts, [[&json!(1), &json!(1), &json!(0)], [&json!(2), &json!(2), &json!(0)]]);

    let head = server.ask("HEAD", PATH, "").await;
    assert_eq!((status(&head), body(&head)), ("200", ""));
    let length: usize = header(&head, "content-length").and_then(|length| length.parse().ok()).expect("a length");
    assert!(length > 500, "{length}");
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn it_does_not_grow_without_end() {
    let bench = Bench::named(NAME, 3_000);
    bench.link.up();
    bench.link.wish(3_000);
    bench.until_units(3_000).await;
    let one = Server::of(vec![bench.control.clone()]).await;
    let answer = one.get(PATH).await;
    assert!(body(&answer).len() < 100 << 10, "{} bytes", body(&answer).len());
    let answer = json_of(&answer);
    let of = |answer: &Value, list: &str| answer["managers"][0][list].as_array().map_or(0, Vec::len);
    assert_eq!(["units", "events"].map(|list| of(&answer, list)), [100, 50]);
    assert_eq!(answer["managers"][0]["units_total"], 3_000);

    // Managers share what there is room for.
    let four = Server::of(vec![bench.control.clone(); 4]).await;
    let answer = four.get(PATH).await;
    assert!(body(&answer).len() < 100 << 10, "{} bytes", body(&answer).len());
    let answer = json_of(&answer);
    assert_eq!(["units", "events"].map(|list| of(&answer, list)), [25, 12]);
    bench.stop().await;
}

/// A page can only be deceived by what a browser takes for a page: this is data, whatever names and reasons look like.
#[tokio::test(start_paused = true)]
async fn hostile_names_are_data() {
    let name = "</script><script>alert(1)</script>\"'&\u{2028}";
    let bench = Bench::named(name, 8);
    bench.link.up();
    bench.link.wish(1);
    bench.until_units(1).await;
    let server = Server::of(vec![bench.control.clone()]).await;
    let answer = server.get(PATH).await;
    assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"));
    assert_eq!(json_of(&answer)["managers"][0]["manager"], name);
    let page = server.get("/").await;
    assert!(!page.contains("alert(1)"), "the page is the same whoever runs");
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_has_not_begun_is_there_and_says_why() {
    let (control, _seat) = not_begun();
    let server = Server::of(vec![control]).await;
    let answer = json_of(&server.get(PATH).await);
    let manager = &answer["managers"][0];
    assert_eq!((&manager["stage"], &manager["not_ready"]), (&json!("starting"), &json!("it is starting")));
    assert_eq!((&manager["desired"], &manager["units"], &manager["events"]), (&Value::Null, &json!([]), &json!([])));
    let nobody = Server::of(Vec::new()).await;
    assert_eq!(json_of(&nobody.get(PATH).await)["managers"], json!([]));
}
