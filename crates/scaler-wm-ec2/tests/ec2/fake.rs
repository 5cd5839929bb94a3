//! The part of EC2 that a provider uses, behind the SDK's HTTP seam: what no emulator has (client tokens, capacity that
//! runs out half-way, lists that lag, lost replies) is exact here.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_sdk_ec2::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    shared::IntoShared,
};
use aws_smithy_types::body::SdkBody;
use scaler_wm_aws::{AwsSettings, WorkerCommand};
use scaler_wm_core::{Clock, ManagerId, Result};
use scaler_wm_ec2::{Ec2Config, Ec2Provider};

pub(crate) use crate::state::Next;
use crate::{
    form::{Form, escaped},
    state::{Instance, State},
};

/// The service. A clone is the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake(Arc<Mutex<State>>);

impl Fake {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// What comes of the next calls of `operation`, one after the other.
    pub(crate) fn script(&self, operation: &str, next: impl IntoIterator<Item = Next>) {
        self.state().script.entry(operation.to_owned()).or_default().extend(next);
    }

    /// Lists do not know of instances that are younger.
    pub(crate) fn lag(&self, lag: Duration) {
        self.state().lag = lag;
    }

    /// There is no capacity of this type from now on.
    pub(crate) fn is_full(&self, kind: &str) {
        self.state().full.insert(kind.to_owned());
    }

    /// All calls of `operation` so far.
    pub(crate) fn calls(&self, operation: &str) -> Vec<Form> {
        self.state().calls.iter().filter(|call| call.get("Action") == operation).cloned().collect()
    }

    /// Every operation that was called so far, in order.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.state().calls.iter().map(|call| call.get("Action").to_owned()).collect()
    }

    /// The instances that run.
    pub(crate) fn running(&self) -> Vec<String> {
        let state = self.state();
        state.instances.iter().filter(|(_, instance)| instance.state == "running").map(|(id, _)| id.clone()).collect()
    }

    /// One instance.
    pub(crate) fn instance(&self, id: &str) -> Instance {
        self.state().instances[id].clone()
    }

    /// Changes an instance.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Instance)) {
        change(self.state().instances.get_mut(id).unwrap());
    }

    /// An instance shuts itself down.
    pub(crate) fn kill(&self, id: &str) {
        self.change(id, |instance| {
            (instance.state, instance.reason) = ("terminated", "Client.InstanceInitiatedShutdown");
        });
    }

    /// Spot is about to take an instance, or has taken it.
    pub(crate) fn spot_says(&self, id: &str, status: &'static str) {
        self.state().spot.insert(id.to_owned(), status);
    }

    /// Key pairs, groups and launch templates that are there.
    pub(crate) fn temporary(&self) -> [usize; 3] {
        let state = self.state();
        [state.key_pairs.len(), state.groups.len(), state.templates.len()]
    }

    /// Somebody removes every key pair.
    pub(crate) fn lose_key_pairs(&self) {
        self.state().key_pairs.clear();
    }

    /// Somebody removes every group that was made here.
    pub(crate) fn lose_groups(&self) {
        self.state().groups.clear();
    }

    /// Somebody removes every launch template.
    pub(crate) fn lose_templates(&self) {
        self.state().templates.clear();
    }

    /// A provider at this service.
    pub(crate) async fn provider(&self, change: impl FnOnce(&mut Ec2Config)) -> Result<Ec2Provider> {
        let address = "tcp://10.0.0.1:8516".parse().unwrap();
        let workers = WorkerCommand::new(address, ManagerId::from("m1"), 1.try_into().unwrap());
        let mut config = Ec2Config::new(AwsSettings::new("us-east-1"), "ami-1", workers);
        config.types = vec!["c5.large".to_owned()];
        change(&mut config);
        let ec2 = aws_sdk_ec2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::for_tests())
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build();
        Ec2Provider::start_with(config, Client::from_conf(ec2), Clock::system()).await
    }
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let form = Form::parse(std::str::from_utf8(request.body().bytes().unwrap()).unwrap());
        let answer = self.state().call(&form);
        let action = form.get("Action");
        HttpConnectorFuture::ready(match answer {
            Some(Ok(body)) => {
                let body = format!("<{action}Response>{body}</{action}Response>");
                Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body)))
            }
            Some(Err((code, message))) => {
                let body = format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>{}</Message></Error></Errors></Response>",
                    escaped(&message)
                );
                Ok(HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body)))
            }
            None => Err(ConnectorError::io("the answer got lost".into())),
        })
    }
}

impl HttpClient for Fake {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}
