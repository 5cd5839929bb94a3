//! An ORB server in memory, behind the seam of the SDK's HTTP client.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use scaler_wm_core::{
    Clock, Launch, Launched, ManagerId, Observed, OpenLaunch, Provider, Receipt, Result, Settled, Tier, UnitId,
};
use scaler_wm_ec2::{OrbConfig, OrbProvider};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "eyJ.hush.hush";

/// What comes of a call instead of what it asks for.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// What it asks for.
    Works,
    /// This answer, and nothing is done.
    Answers(u16, Value),
    /// It is done, and the answer is lost.
    LosesReply,
    /// Nobody listens.
    Refused,
    /// No answer, ever.
    Hangs,
}

/// The words of the real server for whatever goes wrong within it.
pub(crate) fn unexpected() -> Next {
    Next::Answers(500, json!({"success": false, "error": {"message": "An unexpected error occurred"}}))
}

#[derive(Debug, Default)]
struct Machine {
    /// What the server's store says.
    stored: String,
    /// What the cloud says.
    cloud: String,
    request: String,
    returned_by: Option<String>,
}

/// How a request for machines ends.
#[derive(Clone, Debug)]
pub(crate) struct Ends {
    pub(crate) status: &'static str,
    pub(crate) machines: u32,
    /// Looks that it takes.
    pub(crate) after: u32,
}

#[derive(Debug)]
struct Request {
    machines: Vec<String>,
    ends: Ends,
}

#[derive(Debug, Default)]
struct State {
    machines: BTreeMap<String, Machine>,
    requests: HashMap<String, Request>,
    ends: VecDeque<Ends>,
    slow: u32,
    script: Vec<(String, VecDeque<Next>)>,
    calls: Vec<(String, Value)>,
    is_viewer: bool,
    has_no_template: bool,
    returns_fail: bool,
    skips: Option<String>,
    forgets_returned: bool,
}

/// The server. A clone is the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake(Arc<Mutex<State>>);

impl Fake {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// What comes of the next calls whose method and path begin so, one after the other.
    pub(crate) fn script(&self, call: &str, next: impl IntoIterator<Item = Next>) {
        self.state().script.push((call.to_owned(), next.into_iter().collect()));
    }

    /// How the next requests for machines end; the others bring all at once.
    pub(crate) fn ends(&self, status: &'static str, machines: u32, after: u32) {
        self.state().ends.push_back(Ends { status, machines, after });
    }

    /// Requests for machines take so many looks.
    pub(crate) fn slow(&self, after: u32) {
        self.state().slow = after;
    }

    /// The token is one of somebody who may look.
    pub(crate) fn is_viewer(&self) {
        self.state().is_viewer = true;
    }

    pub(crate) fn loses_template(&self) {
        self.state().has_no_template = true;
    }

    /// Requests to return machines fail, and the machines stay.
    pub(crate) fn returns_fail(&self, fail: bool) {
        self.state().returns_fail = fail;
    }

    /// Requests to return machines leave this one out.
    pub(crate) fn skips(&self, machine: &str) {
        self.state().skips = Some(machine.to_owned());
    }

    /// Machines that were returned are called returned, not terminated.
    pub(crate) fn forgets_returned(&self) {
        self.state().forgets_returned = true;
    }

    /// The bodies of all calls so far whose method and path begin so.
    pub(crate) fn calls(&self, call: &str) -> Vec<Value> {
        let state = self.state();
        state.calls.iter().filter(|(called, _)| called.starts_with(call)).map(|(_, body)| body.clone()).collect()
    }

    /// What the cloud says of a machine from now on.
    pub(crate) fn cloud(&self, machine: &str, says: &str) {
        self.state().machines.get_mut(machine).unwrap().cloud = says.to_owned();
    }

    /// The server has no record of a machine any more.
    pub(crate) fn loses(&self, machine: &str) {
        self.state().machines.remove(machine);
    }

    /// Machines that run.
    pub(crate) fn running(&self) -> Vec<String> {
        let state = self.state();
        state.machines.iter().filter(|(_, machine)| machine.cloud == "running").map(|(id, _)| id.clone()).collect()
    }

    pub(crate) fn config() -> OrbConfig {
        let mut config = OrbConfig::new("http://orb:8000/", "t1", ManagerId::from("m1"));
        config.token = Some(TOKEN.to_owned());
        config
    }

    pub(crate) async fn start(&self, config: OrbConfig) -> Result<OrbProvider> {
        OrbProvider::start_with(config, SharedHttpConnector::new(self.clone()), Clock::system()).await
    }

    pub(crate) async fn provider(&self) -> OrbProvider {
        self.start(Self::config()).await.unwrap()
    }

    fn answer(&self, call: &str, body: &Value) -> Next {
        let mut state = self.state();
        state.calls.push((call.to_owned(), body.clone()));
        let scripted = state.script.iter_mut().filter(|(prefix, _)| call.starts_with(prefix.as_str()));
        let next = scripted.filter_map(|(_, next)| next.pop_front()).next().unwrap_or(Next::Works);
        match next {
            Next::Works => {
                let (status, value) = state.work(call, body);
                Next::Answers(status, value)
            }
            Next::LosesReply => {
                state.work(call, body);
                Next::LosesReply
            }
            other => other,
        }
    }
}

impl State {
    fn work(&mut self, call: &str, body: &Value) -> (u16, Value) {
        let (method, path) = call.split_once(' ').unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        if method == "POST" && self.is_viewer {
            return (403, json!({"detail": "Insufficient permissions. Required role: operator."}));
        }
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            ["health"] => (200, json!({"service": "open-resource-broker", "status": "healthy"})),
            ["api", "v1", "me", ""] if self.is_viewer => (200, json!({"role": "viewer", "permissions": ["read"]})),
            ["api", "v1", "me", ""] => {
                (200, json!({"role": "operator", "permissions": ["read", "request_machines", "return_machines"]}))
            }
            ["api", "v1", "templates", ""] if self.has_no_template => (200, json!({"templates": []})),
            ["api", "v1", "templates", ""] => (200, json!({"templates": [{"template_id": "t1"}]})),
            ["api", "v1", "templates", "t1"] if !self.has_no_template => {
                (200, json!({"template_id": "t1", "max_instances": 20, "machine_types": {"t3.medium": 1}}))
            }
            ["api", "v1", "templates", _] => (500, json!({"error": {"message": "An unexpected error occurred"}})),
            ["api", "v1", "machines", "request"] => self.request(body),
            ["api", "v1", "machines", "return"] => self.give_back(body),
            ["api", "v1", "machines", ""] => self.list(query),
            ["api", "v1", "machines", id] => self.machine(id),
            ["api", "v1", "machines", id, "status"] => {
                let request = self.machines.get(*id).map(|machine| machine.request.clone());
                for machine in self.machines.values_mut().filter(|machine| Some(&machine.request) == request.as_ref()) {
                    machine.stored = machine.cloud.clone();
                }
                self.machine(id)
            }
            ["api", "v1", "requests", id, "status"] => (200, json!({"requests": [self.status(id)]})),
            _ => panic!("{call} is not part of this server"),
        }
    }

    fn request(&mut self, body: &Value) -> (u16, Value) {
        if self.has_no_template {
            return (500, json!({"error": {"message": "An unexpected error occurred"}}));
        }
        let count = u32::try_from(body["count"].as_u64().unwrap()).unwrap();
        let id = format!("req-{}", self.requests.len());
        let ends = self.ends.pop_front().unwrap_or(Ends { status: "complete", machines: count, after: self.slow });
        self.requests.insert(id.clone(), Request { machines: Vec::new(), ends });
        (202, json!({"request_id": id, "message": "Request submitted successfully."}))
    }

    fn give_back(&mut self, body: &Value) -> (u16, Value) {
        let asked: Vec<String> = serde_json::from_value(body["machine_ids"].clone()).unwrap();
        let is_bad = |id: &String| self.machines.get(id).is_none_or(|machine| machine.returned_by.is_some());
        if asked.iter().any(is_bad) {
            return (500, json!({"error": {"message": "An unexpected error occurred"}}));
        }
        let id = format!("ret-{}", self.requests.len());
        let kept: Vec<String> = asked.into_iter().filter(|id| Some(id) != self.skips.as_ref()).collect();
        let (fails, end) = (self.returns_fail, if self.forgets_returned { "returned" } else { "terminated" });
        for machine in &kept {
            let machine = self.machines.get_mut(machine).unwrap();
            if !fails {
                (machine.cloud, machine.stored) = (end.to_owned(), "shutting-down".to_owned());
                machine.returned_by = Some(id.clone());
            }
        }
        let status = if fails { "failed" } else { "complete" };
        self.requests.insert(id.clone(), Request { machines: kept, ends: Ends { status, machines: 0, after: 1 } });
        (200, json!({"request_id": id, "message": "Request submitted successfully."}))
    }

    fn status(&mut self, id: &str) -> Value {
        let number = self.machines.len();
        let Some(request) = self.requests.get_mut(id) else {
            return json!({"request_id": id, "error": format!("Request with ID '{id}' not found")});
        };
        let is_over = request.ends.after == 0;
        if !is_over {
            request.ends.after -= 1;
        } else if id.starts_with("req-") && request.machines.is_empty() {
            for index in 0..request.ends.machines {
                let name = format!("i-{:04}", number + index as usize);
                let machine = Machine {
                    stored: "pending".into(),
                    cloud: "running".into(),
                    request: id.into(),
                    returned_by: None,
                };
                request.machines.push(name.clone());
                self.machines.insert(name, machine);
            }
        }
        let request = &self.requests[id];
        if id.starts_with("ret-") && is_over {
            for machine in &request.machines {
                if let Some(machine) = self.machines.get_mut(machine) {
                    machine.stored = machine.cloud.clone();
                }
            }
        }
        let machines: Vec<Value> = request.machines.iter().map(|id| self.machine(id).1).collect();
        let status = if is_over { request.ends.status } else { "acquiring" };
        json!({"request_id": id, "status": status, "machine_ids": request.machines, "machines": machines, "error": {}})
    }

    fn machine(&self, id: &str) -> (u16, Value) {
        match self.machines.get(id) {
            None => (404, json!({"detail": format!("Machine {id} not found")})),
            Some(machine) => {
                let Machine { stored, request, returned_by, .. } = machine;
                let value = json!({
                    "machine_id": id, "status": stored, "request_id": request, "return_request_id": returned_by,
                    "synced": true,
                });
                (200, value)
            }
        }
    }

    fn list(&self, query: &str) -> (u16, Value) {
        let request = query.split('&').find_map(|pair| pair.strip_prefix("request_id=")).unwrap();
        let of_it = self.machines.iter().filter(|(_, machine)| machine.request == request);
        let machines: Vec<Value> = of_it.map(|(id, _)| self.machine(id).1).collect();
        (200, json!({"machines": machines}))
    }
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        assert_eq!(request.headers().get("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        let path = request.uri().strip_prefix("http://orb:8000").unwrap();
        let call = format!("{} {path}", request.method());
        let body = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        match self.answer(&call, &body) {
            Next::Answers(status, value) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(text));
                if status == 429 {
                    response.headers_mut().insert("retry-after", "7");
                }
                HttpConnectorFuture::ready(Ok(response))
            }
            Next::Refused => {
                let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "Connection refused (os error 111)");
                HttpConnectorFuture::ready(Err(ConnectorError::io(refused.into())))
            }
            Next::Hangs => HttpConnectorFuture::new(std::future::pending()),
            Next::LosesReply | Next::Works => {
                HttpConnectorFuture::ready(Err(ConnectorError::io("the answer got lost".into())))
            }
        }
    }
}

/// A provider with what its manager would have on record.
pub(crate) struct Rig {
    pub(crate) fake: Fake,
    pub(crate) provider: OrbProvider,
    pub(crate) open: Vec<OpenLaunch>,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        let fake = Fake::default();
        Self { provider: fake.provider().await, fake, open: Vec::new() }
    }

    /// Another process over the same server, with the open launches of this one.
    pub(crate) async fn restarted(&self) -> Self {
        Self { fake: self.fake.clone(), provider: self.fake.provider().await, open: self.open.clone() }
    }

    pub(crate) fn prepare(&self, count: u32) -> Launch {
        let now = Clock::system().now();
        self.provider.prepare(count.try_into().unwrap(), &Tier::default(), now).unwrap()
    }

    /// A launch whose receipt is on record.
    pub(crate) async fn launch(&mut self, count: u32) -> Receipt {
        let launch = self.prepare(count);
        let Launched { units, receipt, failed } = self.provider.launch(&launch).await.unwrap();
        assert!(units.is_empty() && failed.is_empty());
        self.open.push(OpenLaunch { launch, receipt: receipt.clone() });
        receipt.unwrap()
    }

    /// A look, after so much time that everything is asked about.
    pub(crate) async fn look(&mut self) -> Observed {
        tokio::time::advance(Duration::from_secs(10)).await;
        let observed = self.provider.observe(&self.open).await.unwrap();
        self.open.retain(|open| observed.settled.iter().all(|(launch, _)| *launch != open.launch.id));
        observed
    }

    /// A launch of so many that have come, running.
    pub(crate) async fn running(&mut self, count: u32) -> Vec<UnitId> {
        self.launch(count).await;
        self.look().await;
        self.look().await.units.iter().map(|unit| unit.id.clone()).collect()
    }
}

/// The only outcome there is.
pub(crate) fn outcome(observed: &Observed) -> &Settled {
    let [(_, settled)] = observed.settled.as_slice() else { panic!("{observed:?}") };
    settled
}
