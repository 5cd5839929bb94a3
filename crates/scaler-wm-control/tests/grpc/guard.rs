//! Who gets in over TCP, and who does not.

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use scaler_wm_control::{
    Listener, Registry,
    client::{ConnectError, Target, connect, managers},
    listen::{Files, Tcp},
    serve, v1,
};
use tempfile::TempDir;
use tokio::{io::AsyncReadExt, net::TcpStream, task::JoinHandle, time::timeout};
use tonic::Code;

const TOKEN: &str = "0123456789abcdef0123";

/// Files of an authority, of a server and of a client that it has signed, and of a token.
struct Papers {
    folder: TempDir,
}

impl Papers {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        for authority in ["ca", "stranger"] {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let key = KeyPair::generate().unwrap();
            write(&format!("{authority}.pem"), &params.self_signed(&key).unwrap().pem());
            let issuer = Issuer::new(params, key);
            for name in ["server", "client"] {
                let key = KeyPair::generate().unwrap();
                let params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
                write(&format!("{authority}-{name}.pem"), &params.signed_by(&key, &issuer).unwrap().pem());
                write(&format!("{authority}-{name}.key"), &key.serialize_pem());
            }
        }
        write("token", &format!("{TOKEN}\n"));
        fs::set_permissions(folder.path().join("token"), fs::Permissions::from_mode(0o600)).unwrap();
        write("other-token", "ffffffffffffffffffff");
        Self { folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn some(&self, name: &str) -> Option<PathBuf> {
        Some(self.file(name))
    }

    fn identity(&self, whose: &str) -> Option<(PathBuf, PathBuf)> {
        self.some(&format!("{whose}-client.pem")).zip(self.some(&format!("{whose}-client.key")))
    }

    fn tls(&self) -> Files {
        Files { certificate: self.some("ca-server.pem"), key: self.some("ca-server.key"), ..Files::default() }
    }
}

struct Door {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Door {
    async fn open(files: &Files) -> Self {
        let listener = Listener::tcp(Tcp::new("127.0.0.1:0", files).unwrap()).await.unwrap();
        let Listener::Tcp(inner, _) = &listener else { panic!("a port") };
        let address = inner.local_addr().unwrap();
        let serving =
            tokio::spawn(async move { serve(listener, Registry::default(), std::future::pending()).await.unwrap() });
        Self { address, serving }
    }

    /// What becomes of a call.
    async fn knock(
        &self,
        authority: Option<PathBuf>,
        identity: Option<(PathBuf, PathBuf)>,
        token: Option<PathBuf>,
    ) -> Result<(), String> {
        let target = Target::Tcp { address: self.address.to_string(), authority, identity, token };
        let connection = connect(&target).await.map_err(|error| match error {
            ConnectError::Unreachable(why) => format!("unreachable: {why}"),
            ConnectError::File { path, error } => format!("{}: {error}", path.display()),
        })?;
        let answer = managers(connection).get_status(v1::GetStatusRequest::default()).await;
        answer.map(drop).map_err(|status| match status.code() {
            Code::Unauthenticated => "unauthenticated".to_owned(),
            // TLS 1.3 lets a client believe that it is in until it reads.
            _ => format!("unreachable: {status:?}"),
        })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn is_unreachable(answer: &Result<(), String>) {
    assert!(answer.as_ref().is_err_and(|why| why.starts_with("unreachable")), "{answer:?}");
}

#[tokio::test]
async fn only_clients_with_a_certificate_of_the_authority_get_in() {
    let papers = Papers::new();
    let door = Door::open(&Files { client_authority: papers.some("ca.pem"), ..papers.tls() }).await;
    assert_eq!(door.knock(papers.some("ca.pem"), papers.identity("ca"), None).await, Ok(()));
    is_unreachable(&door.knock(papers.some("ca.pem"), None, None).await);
    is_unreachable(&door.knock(papers.some("ca.pem"), papers.identity("stranger"), None).await);
    is_unreachable(&door.knock(papers.some("ca.pem"), None, papers.some("token")).await);
    is_unreachable(&door.knock(None, None, None).await);
    // The server, too, has to be the right one.
    is_unreachable(&door.knock(papers.some("stranger.pem"), papers.identity("ca"), None).await);
}

#[tokio::test]
async fn only_clients_with_the_token_get_in() {
    let papers = Papers::new();
    let refused = || Err("unauthenticated".to_owned());
    let door = Door::open(&Files { token: papers.some("token"), ..papers.tls() }).await;
    let ca = || papers.some("ca.pem");
    assert_eq!(door.knock(ca(), None, papers.some("token")).await, Ok(()));
    assert_eq!(door.knock(ca(), None, None).await, refused());
    assert_eq!(door.knock(ca(), None, papers.some("other-token")).await, refused());
    is_unreachable(&door.knock(None, None, papers.some("token")).await);

    // At loopback it keeps other users of the host out.
    let door = Door::open(&Files { token: papers.some("token"), ..Files::default() }).await;
    assert_eq!(door.knock(None, None, papers.some("token")).await, Ok(()));
    assert_eq!(door.knock(None, None, papers.some("other-token")).await, refused());

    // Where both are asked for, both are needed.
    let files = Files { token: papers.some("token"), client_authority: papers.some("ca.pem"), ..papers.tls() };
    let door = Door::open(&files).await;
    assert_eq!(door.knock(ca(), papers.identity("ca"), papers.some("token")).await, Ok(()));
    assert_eq!(door.knock(ca(), papers.identity("ca"), None).await, refused());
    is_unreachable(&door.knock(ca(), None, papers.some("token")).await);
}

#[tokio::test]
async fn no_error_shows_the_token() {
    let papers = Papers::new();
    fs::write(papers.file("short"), "topsecret").unwrap();
    fs::write(papers.file("words"), "top secret top secret").unwrap();
    for file in ["short", "words"] {
        let target = Target::Tcp {
            address: "127.0.0.1:1".to_owned(),
            authority: None,
            identity: None,
            token: papers.some(file),
        };
        let shown = format!("{:?}", connect(&target).await.unwrap_err());
        let refused = Tcp::new("127.0.0.1:0", &Files { token: papers.some(file), ..Files::default() }).unwrap_err();
        assert!(!shown.contains("top") && !format!("{refused:?}").contains("secret"), "{shown} {refused:?}");
    }
    let settings = Tcp::new("127.0.0.1:0", &Files { token: papers.some("token"), ..Files::default() }).unwrap();
    assert!(!format!("{settings:?}").contains(TOKEN));
}

#[tokio::test]
async fn plain_text_never_leaves_the_host() {
    let papers = Papers::new();
    // An address for documentation: nobody has it, and nobody is asked.
    let address = "192.0.2.1:9465".to_owned();
    let target = Target::Tcp { address, authority: None, identity: None, token: papers.some("token") };
    let refused = connect(&target).await.unwrap_err().to_string();
    assert!(refused.contains("speaks TLS alone"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_say_who_it_is_has_to_go() {
    let papers = Papers::new();
    for files in [
        Files { token: papers.some("token"), ..papers.tls() },
        Files { token: papers.some("token"), ..Files::default() },
    ] {
        let door = Door::open(&files).await;
        let mut silent = TcpStream::connect(door.address).await.unwrap();
        let mut bytes = Vec::new();
        let ended = timeout(Duration::from_secs(60), silent.read_to_end(&mut bytes)).await;
        assert!(ended.is_ok(), "it is still let stand");
    }
}

#[test]
fn certificates_that_do_not_fit_are_refused() {
    let papers = Papers::new();
    let refused = |files: &Files| Tcp::new("127.0.0.1:0", files).unwrap_err();
    let token = || papers.some("token");
    let other_key = Files { key: papers.some("stranger-server.key"), token: token(), ..papers.tls() };
    assert!(refused(&other_key).problem.contains("does not go with the key"), "{}", refused(&other_key));
    let no_key = Files { key: token(), token: token(), ..papers.tls() };
    assert_eq!(refused(&no_key).key, "control_tls_key");
    let open = Files { token: papers.some("other-token"), ..papers.tls() };
    assert!(refused(&open).problem.contains("chmod 600"), "{}", refused(&open));
    let no_authority = Files { client_authority: token(), ..papers.tls() };
    assert_eq!(refused(&no_authority).key, "control_client_ca");
}
