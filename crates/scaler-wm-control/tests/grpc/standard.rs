//! The standard services: health and reflection.

use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use super::{NAME, Served};

#[tokio::test]
async fn a_manager_serves_while_its_scheduler_answers() {
    let served = Served::start();
    served.bench.until(|status| status.is_linked).await;
    let mut client = HealthClient::new(served.connect().await);
    let mut stream = client.watch(HealthCheckRequest { service: NAME.to_owned() }).await.unwrap().into_inner();
    let mut next = async || stream.message().await.unwrap().unwrap().status();
    // What was there before its first word may be told first.
    while next().await != ServingStatus::Serving {}
    served.bench.link.down();
    assert_eq!(next().await, ServingStatus::NotServing);
    served.bench.link.up();
    assert_eq!(next().await, ServingStatus::Serving);
    let whole = client.check(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(whole.status(), ServingStatus::Serving);
    served.end().await;
}

#[tokio::test]
async fn the_schemas_are_told() {
    let served = Served::start();
    let mut client = ServerReflectionClient::new(served.connect().await);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = client.server_reflection_info(tokio_stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else { panic!("{answer:?}") };
    let mut names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    let ours = ["grpc.health.v1.Health", "scaler_wm.v1.PolicyEngine", "scaler_wm.v1.WorkerManagers"];
    assert!(ours.iter().all(|name| names.iter().any(|there| there == name)), "{names:?}");
    served.end().await;
}
