//! Peers that mean no good, and connections that break.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{net::SocketAddr, time::Duration};

use common::{Place, connected, event, within};
use scaler_wm_core::{Address, Scheme};
use scaler_wm_wire::{
    Error, ErrorKind, Message, Version,
    ymq::{BindOptions, Binder, BinderEvent, ConnectOptions, Connection, FrameReceiver, Identity, connect},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Answers one connection with `bytes`; closes it then, or keeps it open and silent.
async fn speaking(bytes: Vec<u8>, then_close: bool) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = Some(listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        if then_close {
            stream.shutdown().await.unwrap();
        }
        // Reading until the other side is done: closing with bytes unread would be a reset.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    Address { scheme: Scheme::Tcp, host: "127.0.0.1".to_owned(), port, path: None }
}

fn greeting(version: u8) -> Vec<u8> {
    [&b"YMQ"[..], &[version], &6_u64.to_le_bytes(), b"binder"].concat()
}

async fn connect_to(bytes: Vec<u8>, then_close: bool) -> Result<Connection, Error> {
    let options = ConnectOptions { handshake_timeout: Duration::from_millis(300), ..ConnectOptions::default() };
    within(connect(&speaking(bytes, then_close).await, &Identity::from("manager"), &options)).await
}

#[tokio::test]
async fn a_binder_that_is_none_is_told_from_one_that_is_late() {
    for (bytes, close, kind, part) in [
        (b"HTTP/1.1 400 Bad Request".to_vec(), false, ErrorKind::BadMagic, "`HTTP`"),
        (b"YMQ\x03".to_vec(), false, ErrorKind::WrongVersion, "version 3"),
        (Vec::new(), true, ErrorKind::Truncated, "before its magic"),
        (b"YM".to_vec(), true, ErrorKind::Truncated, "before its magic"),
        (b"YMQ\x02\x06\0\0\0\0\0\0\0bin".to_vec(), true, ErrorKind::Truncated, "before its identity"),
        (b"YMQ\x02\x06\0\0\0\0\0\0\0bin".to_vec(), false, ErrorKind::TimedOut, "within 300 ms"),
        (b"YM".to_vec(), false, ErrorKind::TimedOut, "within 300 ms"),
        ([&b"YMQ\x02"[..], &(1_u64 << 63).to_le_bytes()].concat(), false, ErrorKind::Oversized, "9223372036854775808"),
    ] {
        let error = connect_to(bytes.clone(), close).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}: {error}", bytes.escape_ascii());
        assert!(error.to_string().contains(part), "{}: {error}", bytes.escape_ascii());
        assert!(error.to_string().contains("tcp://127.0.0.1:"), "{error}");
    }
}

async fn frames_after_greeting(bytes: &[u8], then_close: bool) -> FrameReceiver {
    let connection = connect_to([&greeting(1), bytes].concat(), then_close).await.unwrap();
    assert_eq!(connection.version(), Version::V1);
    // The sender goes; the direction that counts here stays.
    connection.split().1
}

#[tokio::test]
async fn a_connection_that_breaks_is_told_from_one_that_ends() {
    let frame = [&3_u64.to_le_bytes()[..], b"one"].concat();

    let mut receiver = frames_after_greeting(&frame, true).await;
    assert_eq!(within(receiver.recv()).await.unwrap().unwrap(), &b"one"[..]);
    assert!(within(receiver.recv()).await.unwrap().is_none());

    for cut in [3, 8, 10] {
        let mut receiver = frames_after_greeting(&[&frame, &frame[..cut]].concat(), true).await;
        assert_eq!(within(receiver.recv()).await.unwrap().unwrap(), &b"one"[..]);
        let error = within(receiver.recv()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        assert!(error.to_string().contains(&format!("after {cut} bytes")), "{error}");
        assert!(error.is_retryable());
    }

    let mut receiver = frames_after_greeting(&u64::MAX.to_le_bytes(), false).await;
    assert_eq!(within(receiver.recv()).await.unwrap_err().kind(), ErrorKind::Oversized);
}

#[tokio::test]
async fn a_reset_is_an_error_and_not_an_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = Some(listener.local_addr().unwrap().port());
    let address = Address { scheme: Scheme::Tcp, host: "127.0.0.1".to_owned(), port, path: None };
    let own = Identity::from("manager");
    let options = ConnectOptions::default();
    let (connection, accepted) = tokio::join!(connect(&address, &own, &options), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(&greeting(2)).await.unwrap();
        stream
    });
    let (_sender, mut receiver) = connection.unwrap().split();
    // Closing with bytes unread is a reset: our magic and identity wait there.
    accepted.readable().await.unwrap();
    drop(accepted);
    let error = within(receiver.recv()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_frame_survives_a_receiver_that_is_cancelled_at_every_byte() {
    let (client, mut server) = raw_pair().await;
    let (_sender, mut receiver) = client.split();
    let wire = [&5_u64.to_le_bytes()[..], b"hello"].concat();
    for byte in wire {
        // Nothing whole is there yet, so this is cancelled after it took what is.
        assert!(tokio::time::timeout(Duration::from_millis(1), receiver.recv()).await.is_err());
        server.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(within(receiver.recv()).await.unwrap().unwrap(), &b"hello"[..]);
}

/// A connection of ours, and the bare socket at its other end.
async fn raw_pair() -> (Connection, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = Some(listener.local_addr().unwrap().port());
    let address = Address { scheme: Scheme::Tcp, host: "127.0.0.1".to_owned(), port, path: None };
    let own = Identity::from("manager");
    let options = ConnectOptions::default();
    let (connection, stream) = tokio::join!(within(connect(&address, &own, &options)), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(&greeting(2)).await.unwrap();
        let mut theirs = [0_u8; 4 + 8 + 7];
        stream.read_exact(&mut theirs).await.unwrap();
        stream
    });
    (connection.unwrap(), stream)
}

#[tokio::test]
async fn a_frame_that_was_begun_is_completed_after_a_cancelled_send() {
    let (client, mut server) = raw_pair().await;
    let (mut sender, _receiver) = client.split();
    // More than both sockets hold, so the first send stays stuck half-way.
    let long = vec![9_u8; 32 << 20];
    assert!(tokio::time::timeout(Duration::from_millis(20), sender.send(&long)).await.is_err());
    let reading = tokio::spawn(async move {
        let mut all = Vec::new();
        server.read_to_end(&mut all).await.unwrap();
        all
    });
    within(sender.send(b"next")).await.unwrap();
    within(sender.close()).await.unwrap();
    let all = within(reading).await.unwrap();
    let mut expected = (long.len() as u64).to_le_bytes().to_vec();
    expected.extend_from_slice(&long);
    expected.extend_from_slice(&4_u64.to_le_bytes());
    expected.extend_from_slice(b"next");
    assert!(all == expected, "{} bytes came, {} were due", all.len(), expected.len());
}

#[tokio::test]
async fn a_frame_longer_than_the_bound_is_not_sent() {
    let mut binder = Place::tcp().bind(Version::V2).await;
    let options = ConnectOptions { max_frame: 10, ..ConnectOptions::default() };
    let own = Identity::from("manager");
    let (mut sender, _receiver) = within(connect(binder.address(), &own, &options)).await.unwrap().split();
    assert_eq!(within(sender.send(&[0; 11])).await.unwrap_err().kind(), ErrorKind::Oversized);
    within(sender.send(&[1; 10])).await.unwrap();
    assert!(matches!(event(&mut binder).await, BinderEvent::Connected(_)));
    assert!(matches!(event(&mut binder).await, BinderEvent::Frame(_, frame) if frame == [1; 10][..]));
}

async fn strict_binder() -> (Binder, SocketAddr) {
    let options = BindOptions {
        handshake_timeout: Duration::from_millis(300),
        max_frame: 100,
        peer_queue: 2,
        ..BindOptions::default()
    };
    let address = Address { scheme: Scheme::Tcp, host: "127.0.0.1".to_owned(), port: Some(0), path: None };
    let binder = Binder::bind(&address, &Identity::from("binder"), Version::V2, options).await.unwrap();
    let socket = SocketAddr::from(([127, 0, 0, 1], binder.address().port.unwrap()));
    (binder, socket)
}

#[tokio::test]
async fn a_binder_refuses_who_does_not_name_itself_properly_and_serves_the_others() {
    for (bytes, kind) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), ErrorKind::BadMagic),
        (b"YMQ\x01".to_vec(), ErrorKind::WrongVersion),
        (b"YMQ\x02\x05\0\0".to_vec(), ErrorKind::TimedOut),
        ([&b"YMQ\x02"[..], &5000_u64.to_le_bytes()].concat(), ErrorKind::Oversized),
    ] {
        let (mut binder, socket) = strict_binder().await;
        let mut stream = TcpStream::connect(socket).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let BinderEvent::Refused(error) = event(&mut binder).await else { panic!("it must be refused") };
        assert_eq!(error.kind(), kind, "{}", bytes.escape_ascii());
        // Magic and identity of the binder, then the end.
        let mut theirs = vec![0_u8; 4 + 8 + 6];
        within(stream.read_exact(&mut theirs)).await.unwrap();
        assert_eq!(theirs, greeting(2));

        connected(binder.address(), &Identity::from("manager")).await;
        assert!(matches!(event(&mut binder).await, BinderEvent::Connected(_)));
        assert!(binder.peers().len() <= 1);
    }
}

#[tokio::test]
async fn a_peer_of_another_version_gets_a_clean_end() {
    let (mut binder, socket) = strict_binder().await;
    let mut stream = TcpStream::connect(socket).await.unwrap();
    stream.write_all(b"YMQ\x01").await.unwrap();
    let mut all = Vec::new();
    within(stream.read_to_end(&mut all)).await.expect("a clean end, no reset");
    assert_eq!(all, greeting(2));
    assert!(matches!(event(&mut binder).await, BinderEvent::Refused(error) if error.kind() == ErrorKind::WrongVersion));
}

#[tokio::test]
async fn a_stalled_peer_does_not_hold_up_the_next_one() {
    let (mut binder, socket) = strict_binder().await;
    let _stalled = TcpStream::connect(socket).await.unwrap();
    connected(binder.address(), &Identity::from("manager")).await;
    assert!(matches!(event(&mut binder).await, BinderEvent::Connected(_)), "before the other one timed out");
    assert!(matches!(event(&mut binder).await, BinderEvent::Gone(..)));
    assert!(matches!(event(&mut binder).await, BinderEvent::Refused(error) if error.kind() == ErrorKind::TimedOut));
}

#[tokio::test]
async fn a_peer_that_cuts_or_overdoes_a_frame_is_gone_with_the_reason() {
    for (bytes, kind) in [
        ([&9_u64.to_le_bytes()[..], b"half"].concat(), ErrorKind::Truncated),
        (101_u64.to_le_bytes().to_vec(), ErrorKind::Oversized),
    ] {
        let (mut binder, socket) = strict_binder().await;
        let mut stream = TcpStream::connect(socket).await.unwrap();
        stream.write_all(&[&greeting(2), &bytes[..]].concat()).await.unwrap();
        stream.shutdown().await.unwrap();
        assert!(matches!(event(&mut binder).await, BinderEvent::Connected(_)));
        let BinderEvent::Gone(_, Some(error)) = event(&mut binder).await else { panic!("it must be gone") };
        assert_eq!(error.kind(), kind);
        assert!(binder.peers().is_empty());
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_fills_its_own_queue_only() {
    let (mut binder, socket) = strict_binder().await;
    let mut stream = TcpStream::connect(socket).await.unwrap();
    stream.write_all(&greeting(2)).await.unwrap();
    let BinderEvent::Connected(peer) = event(&mut binder).await else { panic!("it must be there") };
    // Its sockets hold some, its queue 2 more; in between the writer must get its turns.
    let mut sent = 0_u32;
    let error = within(async {
        loop {
            match binder.try_send(&peer, vec![0; 100].into()) {
                Ok(()) => sent += 1,
                Err(error) if sent > 1000 => break error,
                Err(_) => {}
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::QueueFull);
    drop(stream);
    assert!(matches!(event(&mut binder).await, BinderEvent::Gone(..)));
}

/// A report of the monitor, in version 2, whose list of workers has so many entries of nothing, and as many words of zeros
/// behind them.
fn report_of_nothing(entries: u32) -> Vec<u8> {
    // A pointer to a structure `offset` words behind it; of a list the second half says what it is.
    let pointer = |offset: u32, second: u32| [offset << 2, second];
    let structure = |data: u32, pointers: u32| pointers << 16 | data;
    let mut halves = vec![pointer(0, structure(1, 1)), [14, 0], pointer(0, structure(1, 7)), [0; 2]];
    halves.extend([[0; 2]; 5]);
    halves.extend([pointer(1, structure(0, 1)), [0; 2], [1, 7], pointer(entries, 0)]);
    halves.resize(halves.len() + entries as usize, [0; 2]);
    let head = [0, u32::try_from(halves.len()).unwrap()];
    [head].iter().chain(&halves).flatten().flat_map(|half| half.to_le_bytes()).collect()
}

/// An entry costs a peer less than a byte, and some hundred here.
#[test]
fn a_list_of_nothing_makes_no_more_than_a_multiple_of_its_bytes() {
    let few = Message::decode(&report_of_nothing(100), Version::V2).unwrap();
    assert!(matches!(few, Message::StateScheduler(report) if report.workers.len() == 100));
    let error = Message::decode(&report_of_nothing(100_000), Version::V2).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    assert!(format!("{error:?}").contains("more entries than bytes"), "{error:?}");
}
