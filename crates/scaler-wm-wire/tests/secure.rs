//! TLS and WebSocket between our connector and our binder: whom we trust, and what is said when we do not.
#![cfg(feature = "tls")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../tests/src/setup/certificates.rs"]
#[expect(unreachable_pub, reason = "it is public where it is at home")]
mod certificates;
mod common;

use std::{path::Path, time::Duration};

use bytes::Bytes;
use certificates::{Authority, Certificate, Good, self_signed};
use common::{event, frame_from, within};
use scaler_wm_core::{Address, Chain, Scheme};
use scaler_wm_wire::{
    Error, ErrorKind, Result, Version,
    ymq::{BindOptions, Binder, BinderEvent, ConnectOptions, Connection, Identity, Pin, TlsIdentity, Trust, connect},
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpListener};

const SECURED: [Scheme; 2] = [Scheme::Tls, Scheme::Wss];

fn address(scheme: Scheme, host: &str) -> Address {
    let path = matches!(scheme, Scheme::Ws | Scheme::Wss).then(|| "/any/path".to_owned());
    Address { scheme, host: host.to_owned(), port: Some(0), path }
}

async fn bind(scheme: Scheme, certificate: Option<&Certificate>) -> Binder {
    let tls = certificate
        .filter(|_| SECURED.contains(&scheme))
        .map(|shown| TlsIdentity { certificate: shown.file.clone(), key: shown.key.clone() });
    let options = BindOptions { tls, handshake_timeout: Duration::from_secs(1), ..BindOptions::default() };
    Binder::bind(&address(scheme, "127.0.0.1"), &Identity::from("binder"), Version::V2, options).await.unwrap()
}

async fn connect_to(address: &Address, trust: Trust) -> Result<Connection> {
    let handshake_timeout = Duration::from_millis(500);
    let options = ConnectOptions { trust, handshake_timeout, ..ConnectOptions::default() };
    within(connect(address, &Identity::from("manager"), &options)).await
}

async fn refused(address: &Address, trust: Trust) -> Error {
    connect_to(address, trust).await.expect_err("this must be refused")
}

fn pin(certificate: &Certificate) -> Pin {
    // Another way to the same figure than the code has.
    let output = std::process::Command::new("sha256sum").arg(der_file(certificate)).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

fn der_file(certificate: &Certificate) -> std::path::PathBuf {
    let file = certificate.file.with_extension("der");
    std::fs::write(&file, &certificate.der).unwrap();
    file
}

fn folder() -> (TempDir, Authority) {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new(folder.path(), "authority").unwrap();
    (folder, authority)
}

fn good(folder: &Path, authority: &Authority) -> Certificate {
    authority.sign(folder, "good", &["127.0.0.1", "localhost"], Good::Now).unwrap()
}

#[tokio::test]
async fn frames_travel_both_ways_over_every_scheme() {
    let (folder, authority) = folder();
    let shown = good(folder.path(), &authority);
    for scheme in [Scheme::Tls, Scheme::Ws, Scheme::Wss] {
        let mut binder = bind(scheme, Some(&shown)).await;
        let own = Identity::from("manager");
        let connection = connect_to(binder.address(), Trust::File(authority.file.clone())).await.unwrap();
        assert_eq!((connection.version(), connection.peer().as_bytes()), (Version::V2, &b"binder"[..]), "{scheme:?}");
        assert!(matches!(event(&mut binder).await, BinderEvent::Connected(peer) if peer == own));
        let (mut sender, mut receiver) = connection.split();
        let long = vec![7_u8; 3 << 20];
        for frame in [&b""[..], b"one", &long] {
            let sent = async {
                within(sender.send(frame)).await.unwrap();
            };
            let (received, ()) = tokio::join!(frame_from(&mut binder, &own), sent);
            assert_eq!(received, frame);
            binder.send(&own, Bytes::copy_from_slice(frame)).await.unwrap();
            assert_eq!(within(receiver.recv()).await.unwrap().unwrap(), frame);
        }
        within(sender.close()).await.unwrap();
        assert!(matches!(event(&mut binder).await, BinderEvent::Gone(peer, None) if peer == own), "{scheme:?}");
    }
}

#[tokio::test]
async fn a_peer_has_to_convince_whom_we_named() {
    let (folder, authority) = folder();
    let stranger = Authority::new(folder.path(), "stranger").unwrap();
    let shown = good(folder.path(), &authority);
    let other = authority.sign(folder.path(), "other", &["127.0.0.1"], Good::Now).unwrap();
    let shown_pin = pin(&shown);
    for scheme in SECURED {
        let binder = bind(scheme, Some(&shown)).await;
        let at = binder.address();
        for trust in [
            Trust::File(authority.file.clone()),
            Trust::File(shown.file.clone()),
            Trust::Certificates(vec![pin(&other), shown_pin]),
            Trust::Anyone,
        ] {
            assert!(connect_to(at, trust.clone()).await.is_ok(), "{trust:?}");
        }
        let way_out = [&*format!("--tls-pin {shown_pin}"), "--tls-ca FILE", "--tls-skip-verify"];
        for (trust, words) in [
            (Trust::System, [&way_out[..], &["nobody whom this system trusts"]].concat()),
            (Trust::File(stranger.file.clone()), [&way_out[..], &["stranger.pem (--tls-ca)"]].concat()),
            (Trust::Certificates(vec![pin(&other)]), vec!["another one than --tls-pin names", way_out[0]]),
        ] {
            let error = refused(at, trust).await;
            assert_eq!(error.kind(), ErrorKind::Untrusted, "{error}");
            words.iter().for_each(|word| assert!(error.to_string().contains(word), "{word}: {error}"));
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_named() {
    let (folder, authority) = folder();
    let sign = |name: &str, host: &str, good| authority.sign(folder.path(), name, &[host], good).unwrap();
    for (certificate, words) in [
        (sign("expired", "127.0.0.1", Good::UntilLastYear), "has expired"),
        (sign("early", "127.0.0.1", Good::FromNextCentury), "not valid yet"),
        (sign("elsewhere", "example.org", Good::Now), "for another host"),
    ] {
        let binder = bind(Scheme::Tls, Some(&certificate)).await;
        for file in [&authority.file, &certificate.file] {
            let error = refused(binder.address(), Trust::File(file.clone())).await;
            assert!(error.kind() == ErrorKind::Untrusted && error.to_string().contains(words), "{error}");
        }
        // Named by its pin, it is good enough.
        assert!(connect_to(binder.address(), Trust::Certificates(vec![pin(&certificate)])).await.is_ok());
    }
}

#[tokio::test]
async fn a_certificate_that_signed_itself_is_its_own_authority() {
    let (folder, _) = folder();
    for (name, is_authority) in [("plain", false), ("openssl", true)] {
        let make =
            |name: &str, host: &str, good| self_signed(folder.path(), name, &[host], good, is_authority).unwrap();
        let shown = make(name, "127.0.0.1", Good::Now);
        let binder = bind(Scheme::Tls, Some(&shown)).await;
        connect_to(binder.address(), Trust::File(shown.file.clone())).await.unwrap();
        let error = refused(binder.address(), Trust::System).await;
        assert!(error.to_string().contains("nobody whom this system trusts"), "{error}");
        for (certificate, words) in [
            (make(&format!("{name}-old"), "127.0.0.1", Good::UntilLastYear), "has expired"),
            (make(&format!("{name}-elsewhere"), "example.org", Good::Now), "for another host"),
        ] {
            let binder = bind(Scheme::Tls, Some(&certificate)).await;
            let error = refused(binder.address(), Trust::File(certificate.file.clone())).await;
            assert!(error.kind() == ErrorKind::Untrusted && error.to_string().contains(words), "{error}");
        }
    }
}

#[tokio::test]
async fn a_peer_that_is_trusted_vouches_for_nobody_else() {
    let folder = TempDir::new().unwrap();
    let peer = Authority::unentitled(folder.path(), "peer").unwrap();
    let other = peer.sign(folder.path(), "other", &["127.0.0.1"], Good::Now).unwrap();
    let binder = bind(Scheme::Tls, Some(&other)).await;
    let error = refused(binder.address(), Trust::File(peer.file)).await;
    assert!(error.to_string().contains("vouches for its certificate"), "{error}");
}

#[tokio::test]
async fn another_transport_than_the_address_says_is_named_and_nobody_hangs() {
    let (folder, authority) = folder();
    let shown = good(folder.path(), &authority);
    for there in [Scheme::Tcp, Scheme::Tls, Scheme::Ws, Scheme::Wss] {
        let binder = bind(there, Some(&shown)).await;
        for said in [Scheme::Tcp, Scheme::Tls, Scheme::Ws, Scheme::Wss] {
            if said == there {
                continue;
            }
            let at = Address { port: binder.address().port, ..address(said, "127.0.0.1") };
            let error = refused(&at, Trust::Anyone).await;
            let text = Chain(&error).to_string();
            println!("{} at a {} port: {text}", said.as_str(), there.as_str());
            assert!(text.contains(&format!("{}://127.0.0.1", said.as_str())), "{text}");
            assert!(
                matches!(error.kind(), ErrorKind::OtherTransport | ErrorKind::TimedOut | ErrorKind::BadMagic),
                "{text}"
            );
            assert!(text.contains("tls://") || text.contains("tcp://") && said != Scheme::Tcp, "no way out: {text}");
        }
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_seen_without_a_restart() {
    let (folder, authority) = folder();
    let old = authority.sign(folder.path(), "first", &["127.0.0.1"], Good::Now).unwrap();
    let binder = bind(Scheme::Tls, Some(&old)).await;
    let trust = Trust::File(folder.path().join("trusted.pem"));
    let error = refused(binder.address(), trust.clone()).await;
    assert!(error.to_string().contains("trusted.pem (--tls-ca) cannot be read"), "{error}");
    std::fs::copy(&authority.file, folder.path().join("trusted.pem")).unwrap();
    connect_to(binder.address(), trust.clone()).await.unwrap();
    // A new authority, and a scheduler that shows a certificate of it.
    let next = Authority::new(folder.path(), "next").unwrap();
    let new = next.sign(folder.path(), "second", &["127.0.0.1"], Good::Now).unwrap();
    let binder = bind(Scheme::Tls, Some(&new)).await;
    assert_eq!(refused(binder.address(), trust.clone()).await.kind(), ErrorKind::Untrusted);
    std::fs::copy(&next.file, folder.path().join("trusted.pem")).unwrap();
    connect_to(binder.address(), trust).await.unwrap();
}

#[tokio::test]
async fn garbage_and_silence_are_bounded() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        for turn in 0_u32.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            match turn % 3 {
                0 => stream.write_all(&[0x16, 3, 3, 0xff, 0xff]).await.unwrap(),
                1 => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.unwrap(),
                _ => {}
            }
            kept.push(stream);
        }
    });
    for scheme in [Scheme::Tls, Scheme::Ws, Scheme::Wss] {
        for _ in 0..3 {
            let at = Address { port: Some(port), ..address(scheme, "127.0.0.1") };
            let options = ConnectOptions { connect_timeout: Duration::from_millis(300), ..ConnectOptions::default() };
            let error = within(connect(&at, &Identity::from("manager"), &options)).await.err().unwrap();
            assert!(error.is_retryable() || error.kind() == ErrorKind::OtherTransport, "{error}");
        }
    }
}

#[tokio::test]
async fn a_binder_without_a_certificate_says_so() {
    let listen = |tls| async move {
        let options = BindOptions { tls, ..BindOptions::default() };
        Binder::bind(&address(Scheme::Tls, "127.0.0.1"), &Identity::from("b"), Version::V2, options).await.unwrap_err()
    };
    assert!(listen(None).await.to_string().contains("needs a certificate and its key"));
    let nowhere = TlsIdentity { certificate: "/nowhere/cert.pem".into(), key: "/nowhere/key.pem".into() };
    assert!(listen(Some(nowhere)).await.to_string().contains("/nowhere/cert.pem cannot be read"));
}
