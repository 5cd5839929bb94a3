//! Our connector against our binder, over both streams and in both versions.

mod common;

use bytes::Bytes;
use common::{Place, connected, event, frame_from, within};
use scaler_wm_wire::{
    ErrorKind, Message, Version,
    message::{ConcurrencyRequest, WorkerManagerCommand, WorkerManagerHeartbeat},
    ymq::{BinderEvent, ConnectOptions, Identity, connect},
};

#[tokio::test]
async fn frames_travel_both_ways_over_every_stream_in_every_version() {
    for place in [Place::tcp(), Place::tcp6(), Place::ipc()] {
        for version in Version::ALL {
            let mut binder = place.bind(version).await;
            let own = Identity::from("manager");
            let connection = connected(binder.address(), &own).await;
            assert_eq!(connection.version(), version);
            assert_eq!(connection.peer().as_bytes(), b"binder");
            assert!(matches!(event(&mut binder).await, BinderEvent::Connected(peer) if peer == own));

            let (mut sender, mut receiver) = connection.split();
            let long = vec![7_u8; 3 << 20];
            for frame in [&b""[..], b"one", &long] {
                within(sender.send(frame)).await.unwrap();
                assert_eq!(frame_from(&mut binder, &own).await, frame);
                binder.send(&own, Bytes::copy_from_slice(frame)).await.unwrap();
                assert_eq!(within(receiver.recv()).await.unwrap().unwrap(), frame);
            }

            within(sender.close()).await.unwrap();
            assert!(matches!(event(&mut binder).await, BinderEvent::Gone(peer, None) if peer == own));
            assert_eq!(binder.send(&own, Bytes::new()).await.unwrap_err().kind(), ErrorKind::UnknownPeer);
            assert!(within(receiver.recv()).await.unwrap().is_none(), "the binder must close in answer");
        }
    }
}

#[tokio::test]
async fn messages_travel_in_the_version_that_was_agreed_on() {
    for version in Version::ALL {
        let mut binder = Place::tcp().bind(version).await;
        let own = Identity::from("manager");
        let (mut sender, mut receiver) = connected(binder.address(), &own).await.into_messages();
        let heartbeat = Message::WorkerManagerHeartbeat(WorkerManagerHeartbeat {
            max_task_concurrency: 8,
            manager_id: Bytes::from_static(b"m"),
            ..WorkerManagerHeartbeat::default()
        });
        within(sender.send(&heartbeat)).await.unwrap();
        assert!(matches!(event(&mut binder).await, BinderEvent::Connected(_)));
        assert_eq!(Message::decode(&frame_from(&mut binder, &own).await, version).unwrap(), heartbeat);

        let command = Message::WorkerManagerCommand(WorkerManagerCommand {
            requests: vec![ConcurrencyRequest { task_concurrency: 3, capabilities: Vec::new() }],
        });
        binder.send(&own, Bytes::from_static(b"no message")).await.unwrap();
        binder.send(&own, command.encode(version).unwrap().into()).await.unwrap();
        assert_eq!(within(receiver.recv()).await.unwrap_err().kind(), ErrorKind::Malformed);
        assert_eq!(within(receiver.recv()).await.unwrap().unwrap(), command, "one bad message must not end it all");
    }
}

#[tokio::test]
async fn a_new_connection_takes_the_identity_of_the_old_one() {
    let mut binder = Place::tcp().bind(Version::V2).await;
    let own = Identity::from("manager");
    let (_old_sender, mut old) = connected(binder.address(), &own).await.split();
    assert!(matches!(event(&mut binder).await, BinderEvent::Connected(_)));
    let (mut sender, _receiver) = connected(binder.address(), &own).await.split();
    within(sender.send(b"new")).await.unwrap();

    let BinderEvent::Gone(_, Some(error)) = event(&mut binder).await else { panic!("the old one must go first") };
    assert_eq!(error.kind(), ErrorKind::Replaced);
    assert!(matches!(event(&mut binder).await, BinderEvent::Connected(_)));
    assert_eq!(frame_from(&mut binder, &own).await, &b"new"[..]);
    assert!(within(old.recv()).await.unwrap().is_none());
    assert_eq!(binder.peers(), [own]);
}

#[tokio::test]
async fn dropping_the_binder_or_disconnecting_a_peer_is_a_clean_end() {
    let mut binder = Place::tcp().bind(Version::V2).await;
    let (_a, mut first) = connected(binder.address(), &Identity::from("first")).await.split();
    let (_b, mut second) = connected(binder.address(), &Identity::from("second")).await.split();
    for _ in 0..2 {
        assert!(matches!(event(&mut binder).await, BinderEvent::Connected(_)));
    }
    binder.disconnect(&Identity::from("first")).unwrap();
    assert!(within(first.recv()).await.unwrap().is_none());
    drop(binder);
    assert!(within(second.recv()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_socket_file_without_a_process_is_no_hindrance_but_one_with_is() {
    let place = Place::ipc();
    // A listener of the standard library leaves its file behind.
    drop(std::os::unix::net::UnixListener::bind(&place.address().host).unwrap());
    let binder = place.bind(Version::V2).await;
    let error = place.try_bind(Version::V2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    connected(binder.address(), &Identity::from("manager")).await;
    drop(binder);
    assert!(!std::path::Path::new(&place.address().host).exists());
}

#[tokio::test]
async fn what_is_not_there_or_not_built_in_is_said_plainly() {
    let options = ConnectOptions::default();
    let own = Identity::from("manager");
    for scheme in ["tls", "ws", "wss"].into_iter().filter(|_| cfg!(not(feature = "tls"))) {
        let address = format!("{scheme}://127.0.0.1:1").parse().unwrap();
        let error = connect(&address, &own, &options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(!error.is_retryable());
        assert!(error.to_string().contains(&format!("{scheme}://127.0.0.1:1")), "{error}");
    }
    let gone = Place::tcp().bind(Version::V2).await.address().clone();
    let error = within(connect(&gone, &own, &options)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.is_retryable());
    let error = connect(&"ipc:///nowhere/at/all".parse().unwrap(), &own, &options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}
