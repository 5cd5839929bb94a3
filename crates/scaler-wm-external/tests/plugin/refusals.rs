//! Plug-ins that are not there, are slow, or are none to work with.

use std::{fs, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use scaler_wm_core::{Chain, Check, ErrorKind, Provider, Stop, UnitId};
use scaler_wm_external::{ExternalProvider, preflight, v1};
use tonic::{
    Status,
    transport::{Identity, ServerTlsConfig},
};

use crate::{
    served::{config, launch},
    stub::{Script, Stub, info},
};

async fn refusal(config: scaler_wm_external::ExternalConfig) -> (ErrorKind, String) {
    let error = ExternalProvider::start(config).await.expect_err("a plug-in that is refused");
    (error.kind(), Chain(&error).to_string())
}

async fn started(script: Script) -> (Stub, ExternalProvider) {
    let stub = Stub::start(script, None).await;
    let provider = ExternalProvider::start(config(&stub.address)).await.unwrap();
    (stub, provider)
}

#[tokio::test]
async fn one_that_is_not_there_is_told_with_its_address_and_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix://{}", folder.path().join("nobody.sock").display());
    for address in [socket.as_str(), "http://127.0.0.1:9"] {
        let mut config = config(address);
        config.there_within = Duration::from_millis(300);
        let (kind, words) = refusal(config.clone()).await;
        assert_eq!(kind, ErrorKind::Transient);
        for part in [address, "provider_address (--provider-address)", "start it before this manager"] {
            assert!(words.contains(part), "{words}");
        }
        let checks = preflight(config).await;
        assert!(matches!(checks.as_slice(), [check] if check.is_bad() && check.name.contains(address)), "{checks:?}");
    }
}

#[tokio::test]
async fn one_that_comes_a_moment_later_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("plugin.sock");
    let starting = ExternalProvider::start(crate::served::at(&socket));
    let (provider, _served) = tokio::join!(starting, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let settings = scaler_wm_conformance::MemorySettings::default();
        let memory = scaler_wm_conformance::MemoryProvider::new(settings, scaler_wm_core::Clock::system());
        crate::served::Served::start(std::sync::Arc::new(memory), &socket)
    });
    provider.unwrap();
}

#[tokio::test]
async fn one_of_another_version_is_refused_at_once() {
    let stub =
        Stub::start(Script { info: v1::InfoResponse { protocol: 7, ..info() }, ..Script::default() }, None).await;
    let (kind, words) = refusal(config(&stub.address)).await;
    assert_eq!(kind, ErrorKind::Invalid);
    assert!(words.contains("version 7") && words.contains("go together"), "{words}");
    assert_eq!(stub.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_it_is_told_is_who_asks_and_what_workers_are_started_with() {
    let stub = Stub::start(Script { info: info(), ..Script::default() }, None).await;
    let mut config = config(&stub.address);
    config.options.insert("zone".to_owned(), "a".to_owned());
    let provider = ExternalProvider::start(config).await.unwrap();
    assert_eq!(provider.place(), "stub");
    let asked = stub.asked.lock().unwrap()[0].clone();
    assert_eq!((asked.protocol, asked.manager.as_str(), asked.options["zone"].as_str()), (1, "m 1", "a"));
    let workers = asked.workers.unwrap();
    assert_eq!((workers.scheduler_address.as_str(), workers.task_queue_size), ("tcp://127.0.0.1:1", 1000));
}

#[tokio::test]
async fn a_slow_one_leaves_a_launch_open_and_is_told_that_it_comes_again() {
    let script = Script { info: info(), launch_takes: Duration::from_secs(30), ..Script::default() };
    let stub = Stub::start(script, None).await;
    let mut config = config(&stub.address);
    config.answers_within = Duration::from_millis(300);
    let provider = ExternalProvider::start(config).await.unwrap();
    let order = launch(&provider, 1);
    for _ in 0..2 {
        let error = provider.launch(&order).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transient);
        assert!(error.to_string().contains("within 0.3 s (provider_timeout_seconds)"), "{error}");
    }
    // Others are answered all the same.
    provider.observe(&[]).await.unwrap();
    let sent = stub.launches.lock().unwrap().clone();
    assert_eq!(sent.iter().map(|sent| sent.is_repeated).collect::<Vec<_>>(), [false, true]);
    assert_eq!(sent[0].launch, sent[1].launch);
    let figures = provider.calls();
    let failed = figures.iter().find(|figures| figures.operation == "Launch").map(|figures| figures.failed.clone());
    assert_eq!(failed.unwrap().get(&ErrorKind::Transient), Some(&2));
}

#[tokio::test]
async fn what_kind_of_failure_it_is_comes_along() {
    let mut status = Status::resource_exhausted("no machine of that size");
    status.metadata_mut().insert("scaler-wm-error-kind", "no_capacity".parse().unwrap());
    status.metadata_mut().insert("scaler-wm-retry-after-ms", "2500".parse().unwrap());
    let (_stub, provider) = started(Script { info: info(), launch_fails: Some(status), ..Script::default() }).await;
    let error = provider.launch(&launch(&provider, 1)).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::NoCapacity, Some(Duration::from_millis(2500))));

    let conflict = Status::already_exists("another launch");
    let (_stub, provider) = started(Script { info: info(), launch_fails: Some(conflict), ..Script::default() }).await;
    let launched = provider.launch(&launch(&provider, 1)).await.unwrap();
    assert!(launched.units.is_empty() && launched.failed[0].kind() == ErrorKind::Conflict);

    let failure = v1::Failure {
        kind: v1::FailureKind::Quota.into(),
        context: "the quota is used up".to_owned(),
        retry_after_ms: None,
    };
    let launched = v1::LaunchResponse { failed: vec![failure], ..v1::LaunchResponse::default() };
    let (_stub, provider) = started(Script { info: info(), launched, ..Script::default() }).await;
    let launched = provider.launch(&launch(&provider, 1)).await.unwrap();
    assert_eq!(launched.failed[0].kind(), ErrorKind::Quota);
}

#[tokio::test]
async fn answers_that_make_no_sense_are_told_and_bring_nothing_down() {
    let nameless = v1::ProviderUnit { unit: "u 1".to_owned(), ..v1::ProviderUnit::default() };
    let observed = v1::ObserveResponse { units: vec![nameless], ..v1::ObserveResponse::default() };
    let (_stub, provider) = started(Script { info: info(), observed, ..Script::default() }).await;
    let error = provider.observe(&[]).await.unwrap_err();
    assert!(error.to_string().contains("u 1") && error.kind() == ErrorKind::Invalid, "{error}");
    // Who was not answered for may have been asked.
    let answers = provider.stop(&[UnitId::from("a"), UnitId::from("b")], Stop::Now).await;
    assert!(answers.iter().all(|(_, answer)| answer.as_ref().unwrap_err().kind() == ErrorKind::Transient));
    // What a plug-in need not have is no failure.
    provider.sweep().await.unwrap();
    provider.leave().await.unwrap();
}

#[tokio::test]
async fn an_end_that_is_told_again_and_again_counts_once() {
    let exit = v1::Exit { asked: true, sure: true, cause: Some(v1::exit::Cause::Code(0)) };
    let gone = v1::ProviderUnit {
        unit: "u 1".to_owned(),
        worker: b"w 1".to_vec(),
        state: Some(v1::provider_unit::State::Gone(exit)),
        ..v1::ProviderUnit::default()
    };
    let observed = v1::ObserveResponse { units: vec![gone], ..v1::ObserveResponse::default() };
    let (_stub, provider) = started(Script { info: info(), observed, ..Script::default() }).await;
    for told in [1, 0, 0, 0] {
        assert_eq!(provider.observe(&[]).await.unwrap().units.len(), told);
    }
}

#[tokio::test]
async fn a_token_goes_along_and_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "open sesame\n").unwrap();
    let stub = Stub::start(Script { info: info(), token: Some("open sesame"), ..Script::default() }, None).await;
    let mut config = config(&stub.address);
    let (kind, words) = refusal(config.clone()).await;
    assert_eq!(kind, ErrorKind::Denied, "{words}");
    config.token_file = Some(file.clone());
    let provider = ExternalProvider::start(config.clone()).await.unwrap();
    assert!(!format!("{provider:?}").contains("sesame"));
    // A plug-in that shows what it was sent.
    fs::write(&file, "open wrong sesame\n").unwrap();
    let (kind, words) = refusal(config.clone()).await;
    assert_eq!(kind, ErrorKind::Denied, "{words}");
    assert!(words.contains("not the one: Bearer [token]") && !words.contains("sesame"), "{words}");
    let checks = preflight(config.clone()).await;
    assert!(checks.iter().any(Check::is_bad) && !format!("{checks:?}").contains("sesame"), "{checks:?}");
    fs::write(&file, "\n").unwrap();
    let (_, words) = refusal(config).await;
    assert!(words.contains("provider_token_file") && words.contains("empty"), "{words}");
}

#[tokio::test]
async fn elsewhere_it_is_reached_by_tls_and_has_to_be_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let authority = || {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        (Issuer::new(params, key), pem)
    };
    let (ours, others) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &ours.0).unwrap();
    let identity = Identity::from_pem(certificate.pem(), key.serialize_pem());
    let tls = ServerTlsConfig::new().identity(identity);
    let stub = Stub::start(Script { info: info(), ..Script::default() }, Some(tls)).await;
    let mut config = config(&stub.address);
    config.there_within = Duration::from_millis(300);
    let file = folder.path().join("ca.pem");
    config.ca = Some(file.clone());

    fs::write(&file, ours.1).unwrap();
    ExternalProvider::start(config.clone()).await.unwrap();
    let checks = preflight(config.clone()).await;
    assert!(checks.iter().all(|check: &Check| !check.is_bad()), "{checks:?}");

    fs::write(&file, others.1).unwrap();
    let (_, words) = refusal(config.clone()).await;
    assert!(words.contains("certificate"), "{words}");
    fs::remove_file(&file).unwrap();
    let (kind, words) = refusal(config).await;
    assert!(words.contains("provider_ca") && kind == ErrorKind::Invalid, "{words}");
}
