//! What is asked, and told to do.

use scaler_wm_control::v1;
use tonic::Code;

use super::{Client, NAME, Served, bench};

async fn set(client: &mut Client, bounds: Option<v1::Bounds>) -> Result<(), tonic::Status> {
    client.set_limits(v1::SetLimitsRequest { manager: NAME.to_owned(), bounds }).await.map(drop)
}

async fn units(client: &mut Client, page_size: u32, page_token: String) -> v1::ListUnitsResponse {
    client
        .list_units(v1::ListUnitsRequest { manager: String::new(), page_size, page_token })
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn status_limits_and_units_are_told() {
    let served = Served::start();
    let mut client = served.client().await;
    served.bench.until(|status| status.desired == Some(0)).await;
    let status = served.status(&mut client).await;
    assert_eq!((&*status.manager, &*status.r#type), (NAME, "memory"));
    assert_eq!(status.stage(), v1::Stage::Running);
    assert_eq!((status.desired, status.observed, status.limits.unwrap().most_units), (Some(0), 0, Some(8)));
    let link = status.link.unwrap();
    assert_eq!((link.is_up, &*link.peer, link.heartbeat_lag_seconds), (true, "tcp://127.0.0.1:1", Some(0.25)));

    set(&mut client, Some(v1::Bounds { minimum: Some(3), ..v1::Bounds::default() })).await.unwrap();
    served.bench.until_units(3).await;
    let status = served.status(&mut client).await;
    assert_eq!((status.wanted, status.desired, status.observed), (Some(0), Some(3), 3));
    assert_eq!(status.bounds.unwrap().minimum, Some(3));

    // Page by page they are the same, each once, in the order of their names.
    let all = units(&mut client, 0, String::new()).await;
    assert_eq!((all.units.len(), &*all.next_page_token), (3, ""));
    let first = units(&mut client, 2, String::new()).await;
    assert_eq!(first.units, all.units[..2]);
    let second = units(&mut client, 2, first.next_page_token).await;
    assert_eq!((&*second.units, &*second.next_page_token), (&all.units[2..], ""));
    let unit = &all.units[0];
    assert_eq!((&*unit.tier, &*unit.place), ("default", "a test\nin memory"));
    assert!(!unit.workers.is_empty() && !unit.launch.is_empty());

    let launches = client.list_launches(v1::ListLaunchesRequest::default()).await.unwrap().into_inner().launches;
    let named: Vec<&String> = launches.iter().flat_map(|launch| &launch.units).collect();
    assert_eq!(named.len(), 3);
    assert!(launches.iter().all(|launch| launch.is_settled));

    let words = client.explain(v1::ExplainRequest::default()).await.unwrap().into_inner();
    assert!(words.not_fewer.iter().any(|line| line.contains("an operator says at least 3")), "{words:?}");
    assert!(words.decisions[0].at_ms >= words.decisions.last().unwrap().at_ms, "newest first");
    set(&mut client, None).await.unwrap();
    served.bench.until_units(0).await;
    served.end().await;
}

#[tokio::test]
async fn units_are_drained_kept_and_stopped() {
    let served = Served::start();
    let mut client = served.client().await;
    served.bench.link.wish(2);
    served.bench.until_units(2).await;
    let unit = units(&mut client, 0, String::new()).await.units.remove(0).unit;
    let manager = String::new;
    client.stop_unit(v1::StopUnitRequest { manager: manager(), unit: unit.clone() }).await.unwrap();
    served.bench.until(|status| status.units.iter().all(|there| there.id.as_str() != unit)).await;
    served.bench.until_units(2).await;

    client.drain(v1::DrainRequest::default()).await.unwrap();
    served.bench.until_units(0).await;
    assert!(served.status(&mut client).await.is_draining);
    client.undrain(v1::UndrainRequest::default()).await.unwrap();
    served.bench.until_units(2).await;

    let unit = units(&mut client, 0, String::new()).await.units.remove(0).unit;
    client.drain(v1::DrainRequest { manager: manager(), unit: unit.clone() }).await.unwrap();
    served.bench.until(|status| status.units.iter().all(|there| there.id.as_str() != unit)).await;
    served.bench.until_units(2).await;
    served.end().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_code_and_words() {
    let served = Served::start();
    let mut client = served.client().await;
    let nobody = || v1::GetStatusRequest { manager: "nobody".to_owned() };
    let refused = client.get_status(nobody()).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert!(refused.message().contains(NAME), "{refused}");
    let (manager, unit) = (String::new(), "nobody".to_owned());
    let refused = client.stop_unit(v1::StopUnitRequest { manager, unit }).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let refused = client.stop_unit(v1::StopUnitRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let refused = set(&mut client, Some(v1::Bounds::default())).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let refused = set(&mut client, Some(v1::Bounds { pinned: Some(9), ..v1::Bounds::default() })).await.unwrap_err();
    assert!(refused.message().contains("max_task_concurrency"), "{refused}");
    let refused = client.undrain(v1::UndrainRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    served.end().await;
}

#[tokio::test]
async fn several_managers_are_told_apart_and_one_that_starts_is_told() {
    let served = Served::start();
    let (control, mut seat) = scaler_wm_core::control::pair(scaler_wm_core::ManagerId::from("second"));
    served.registry.add(control, "memory");
    let mut client = served.client().await;
    let all = client.get_status(v1::GetStatusRequest::default()).await.unwrap().into_inner().managers;
    assert_eq!(all.iter().map(|manager| &*manager.manager).collect::<Vec<_>>(), [NAME, "second"]);
    assert_eq!(all[1].stage(), v1::Stage::Starting);
    let refused = client.drain(v1::DrainRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("second"), "{refused}");

    // It can be told to end before it has begun, and nothing else.
    let starting = tokio::spawn(async move { seat.told_to_end().await });
    let refused = client.drain(v1::DrainRequest { manager: "second".to_owned(), unit: String::new() }).await;
    assert_eq!(refused.unwrap_err().code(), Code::FailedPrecondition);
    client.shutdown(v1::ShutdownRequest { manager: "second".to_owned() }).await.unwrap();
    starting.await.unwrap();
    served.end().await;
}

#[tokio::test]
async fn a_shutdown_ends_the_manager_as_asked() {
    let served = Served::start();
    served.bench.link.wish(1);
    served.bench.until_units(1).await;
    let mut client = served.client().await;
    client.shutdown(v1::ShutdownRequest::default()).await.unwrap();
    let summary = served.bench.ended().await;
    assert!(summary.was_asked);
    assert_eq!(summary.ended, 1);
    let refused = client.drain(v1::DrainRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    served.serving.abort();
    let _ = bench::build();
}
