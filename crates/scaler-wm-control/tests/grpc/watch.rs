//! Those who watch.

use scaler_wm_control::{FIRST_KEPT, MOST_WATCHERS, v1};
use tonic::{Code, Streaming};

use super::{Client, Served, narrow};

async fn watch(client: &mut Client, after: Option<u64>) -> Streaming<v1::Event> {
    client.watch_events(v1::WatchEventsRequest { manager: String::new(), after }).await.unwrap().into_inner()
}

/// The resident memory of this process, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// Makes two events.
async fn flap(served: &Served) {
    served.bench.link.down();
    served.bench.link.up();
}

#[tokio::test]
async fn a_reader_goes_on_where_it_was() {
    let served = Served::start();
    let mut client = served.client().await;
    served.bench.until(|status| status.is_linked).await;
    let mut stream = watch(&mut client, Some(0)).await;
    let first = stream.message().await.unwrap().unwrap();
    assert_eq!((&*first.kind, &*first.text), ("link_up", "the scheduler answers"));
    flap(&served).await;
    let mut seen = vec![first];
    while seen.last().unwrap().kind != "link_down" {
        seen.push(stream.message().await.unwrap().unwrap());
    }
    assert!(seen.windows(2).all(|pair| pair[1].sequence == pair[0].sequence + 1));
    drop(stream);

    // Another one, from the middle: what it has is not told again, and nothing is left out.
    let middle = seen[0].sequence;
    let mut stream = watch(&mut client, Some(middle)).await;
    assert_eq!(stream.message().await.unwrap().unwrap(), seen[1]);
    // From now on.
    let mut news = watch(&mut client, None).await;
    flap(&served).await;
    let next = news.message().await.unwrap().unwrap();
    assert!(next.sequence > seen.last().unwrap().sequence, "{next:?}");
    served.end().await;
}

/// Ten thousand readers that read nothing: each is a number, and what its window takes.
const CONNECTIONS: usize = 20;
/// For each of them, in bytes. Both ends are in this process, with what they hold.
const MOST_EACH: u64 = 32 << 10;

#[tokio::test]
async fn ten_thousand_slow_readers_cost_bounded_memory_and_are_cut_off() {
    let served = Served::start();
    served.bench.until(|status| status.is_linked).await;
    let mut fast = watch(&mut served.client().await, Some(0)).await;
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(narrow::connect(&served.path).await);
    }
    let before = resident();
    let request = || v1::WatchEventsRequest { manager: String::new(), after: Some(0) };
    let mut streams = Vec::new();
    // The fast one is one of them.
    for number in 1..MOST_WATCHERS {
        streams.push(clients[number % CONNECTIONS].watch_events(request()).await.unwrap().into_inner());
    }
    let refused = clients[0].watch_events(request()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "one more is not let in");

    // Many times more than are kept; the fast one gets them all, in order.
    let (mut sequence, mut seen) = (0, 0);
    while seen < 10_000 {
        flap(&served).await;
        loop {
            let event = fast.message().await.unwrap().unwrap();
            assert!(sequence == 0 || event.sequence == sequence + 1, "{event:?}");
            (sequence, seen) = (event.sequence, seen + 1);
            if sequence == *served.bench.control.events().watch().borrow() {
                break;
            }
        }
    }
    let each = resident().saturating_sub(before) / MOST_WATCHERS as u64;
    eprintln!("{each} bytes for each of {MOST_WATCHERS} readers");
    assert!(each < MOST_EACH, "{each} bytes for each reader");

    // Each that reads now gets what was under way in order, and is then told what it has missed.
    let mut stream = streams.swap_remove(MOST_WATCHERS / 2);
    drop(streams);
    let mut sequence: Option<u64> = None;
    let cut_off = loop {
        match stream.message().await {
            Ok(Some(event)) => {
                assert!(sequence.is_none_or(|before| event.sequence == before + 1));
                sequence = Some(event.sequence);
            }
            Ok(None) => panic!("it is told why"),
            Err(status) => break status,
        }
    };
    assert_eq!(cut_off.code(), Code::DataLoss, "{cut_off:?}");
    assert!(cut_off.message().starts_with("read too slowly: "), "{cut_off}");
    let first: u64 = cut_off.metadata().get(FIRST_KEPT).unwrap().to_str().unwrap().parse().unwrap();
    assert!(first > sequence.unwrap() + 1);
    let mut stream = watch(&mut served.client().await, Some(first - 1)).await;
    assert!(stream.message().await.unwrap().unwrap().sequence >= first);
    served.end().await;
}
