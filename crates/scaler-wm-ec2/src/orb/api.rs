//! The calls to the server.

use scaler_wm_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::warn;

use super::{
    OrbConfig,
    answer::{Answer, class_of},
    http::{Call, Http},
    machine::{Machine, Request},
};

/// Machines that one page of a list has at most.
const PAGE: usize = 1_000;

/// The server, as we use it.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) http: Http,
}

/// What is known of a template.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Known {
    pub(super) max_instances: Option<u32>,
    max_machines: Option<u32>,
    machine_types: std::collections::BTreeMap<String, u32>,
}

impl Known {
    /// The most machines that it allows.
    pub(super) fn most(&self) -> Option<u32> {
        self.max_instances.or(self.max_machines).filter(|most| *most > 0)
    }

    /// Whether a machine may count for more than one.
    pub(super) fn is_weighted(&self) -> bool {
        self.machine_types.values().any(|weight| *weight > 1)
    }
}

impl Api {
    /// Whether the server is there, we may do what we must, and it has the template.
    pub(super) async fn check(&self, config: &OrbConfig) -> Result<Known> {
        let purpose = "reach the ORB server";
        let health = self.http.call(get(purpose, "/health")).await?;
        if !health.is_success() {
            // It calls itself unhealthy when the machine is busy, and works all the same.
            if health.value["service"].is_null() {
                return Err(health.into_error(purpose, self.http.url()));
            }
            warn!(url = self.http.url(), status = %health.value["status"], "the ORB server does not feel well");
        }
        self.check_role().await?;
        self.template(&config.template_id).await
    }

    async fn check_role(&self) -> Result<()> {
        let purpose = "be let in by the ORB server";
        let me = self.http.call(get(purpose, "/api/v1/me/")).await?;
        let permissions = me.value["permissions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let may = |what: &str| permissions.iter().any(|permission| permission == what || permission == "*");
        let may_not = !permissions.is_empty() && ["request_machines", "return_machines"].iter().any(|what| !may(what));
        match me.status {
            // Another release may not have this; it will say so when we ask for machines.
            404 | 405 => Ok(()),
            200 if may_not => {
                let role = me.value["role"].as_str().unwrap_or("nobody");
                let context = format!(
                    "at {} the token has the role `{role}`, which may not ask for machines: give one with the role \
                     `operator` (--orb-token); a server without authentication lets nobody do more than look, so turn it \
                     on there",
                    self.http.url()
                );
                Err(Error::new(ErrorKind::Denied, purpose, context))
            }
            _ if me.is_success() => Ok(()),
            _ => Err(me.into_error(purpose, self.http.url())),
        }
    }

    /// A template of the server.
    pub(super) async fn template(&self, id: &str) -> Result<Known> {
        let purpose = "find the template";
        let answer = self.http.call(get(purpose, &format!("/api/v1/templates/{}", in_path(id)))).await?;
        if answer.is_success() {
            return self.parsed(purpose, answer.value);
        }
        if !matches!(answer.status, 404 | 500) {
            return Err(answer.into_error(purpose, self.http.url()));
        }
        // A template that is not there is a 500 that says nothing: the list tells.
        let list = self.http.call(get(purpose, &format!("/api/v1/templates/?limit={PAGE}"))).await?;
        let Some(templates) = list.value["templates"].as_array().filter(|_| list.is_success()) else {
            return Err(list.into_error(purpose, self.http.url()));
        };
        let ids: Vec<&str> = templates.iter().filter_map(|template| template["template_id"].as_str()).collect();
        if ids.contains(&id) {
            return Err(answer.into_error(purpose, self.http.url()));
        }
        let there = if ids.is_empty() { "none at all".to_owned() } else { ids.join(", ") };
        let url = self.http.url();
        let context = format!("{url} has no template {id}: name one that it has ({there}), or add it there");
        Err(Error::new(ErrorKind::Invalid, purpose, context))
    }

    /// Asks for machines; returns the id of the request.
    pub(super) async fn request(&self, template_id: &str, count: u32) -> Result<String> {
        let purpose = "ask for machines";
        let body = json!({"template_id": template_id, "count": count});
        let answer = self.post(purpose, "/api/v1/machines/request", &body).await?;
        match answer.value["request_id"].as_str() {
            Some(id) if answer.is_success() && !id.is_empty() => Ok(id.to_owned()),
            _ if answer.is_success() => Err(Error::new(ErrorKind::Transient, purpose, "the answer names no request")),
            // Whatever its words: it may have failed after machines were started.
            _ if answer.status >= 500 => {
                let context = format!("{} answered {} {:?}", self.http.url(), answer.status, answer.message());
                Err(Error::new(ErrorKind::Transient, purpose, context))
            }
            _ => Err(answer.into_error(purpose, self.http.url())),
        }
    }

    /// Returns machines; the id of the request for it, if there was anything to return.
    pub(super) async fn give_back(&self, machines: &[&str]) -> Result<Option<String>> {
        let purpose = "return machines";
        let answer = self.post(purpose, "/api/v1/machines/return", &json!({"machine_ids": machines})).await?;
        if !answer.is_success() {
            return Err(answer.into_error(purpose, self.http.url()));
        }
        Ok(answer.value["request_id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned))
    }

    /// A request, refreshed by the server unless it is final.
    pub(super) async fn status(&self, request: &str) -> Result<Request> {
        let purpose = "look at a request";
        let path = format!("/api/v1/requests/{}/status", in_path(request));
        let mut answer = self.http.call(get(purpose, &path)).await?;
        if !answer.is_success() {
            return Err(answer.into_error(purpose, self.http.url()));
        }
        let found = answer.value.pointer_mut("/requests/0").map(Value::take).unwrap_or_default();
        // One that is not there comes as a success with an error in it; one that failed has an object there.
        if let Some(said) = found["error"].as_str().filter(|_| found["status"].is_null()) {
            let first = said.lines().next().unwrap_or_default();
            return Err(Error::new(class_of(said), purpose, format!("{request}: {first}")));
        }
        self.parsed(purpose, found)
    }

    /// A machine, with all machines of its request refreshed from the cloud.
    pub(super) async fn refreshed(&self, machine: &str) -> Result<Machine> {
        self.machine(machine, "/status").await
    }

    /// A machine as the server has it in its store.
    pub(super) async fn stored(&self, machine: &str) -> Result<Machine> {
        self.machine(machine, "").await
    }

    async fn machine(&self, id: &str, how: &str) -> Result<Machine> {
        let purpose = "look at a machine";
        let answer = self.http.call(get(purpose, &format!("/api/v1/machines/{}{how}", in_path(id)))).await?;
        if !answer.is_success() {
            return Err(answer.into_error(purpose, self.http.url()));
        }
        let machine: Machine = self.parsed(purpose, answer.value)?;
        if machine.machine_id != id {
            return Err(Error::new(
                ErrorKind::Failed,
                purpose,
                format!("asked about {id}, the answer is about another"),
            ));
        }
        Ok(machine)
    }

    /// The machines of a request as the server has them in its store.
    pub(super) async fn of_request(&self, request: &str) -> Result<Vec<Machine>> {
        let purpose = "list machines";
        let path = format!("/api/v1/machines/?request_id={}&limit={PAGE}", in_path(request));
        let mut answer = self.http.call(get(purpose, &path)).await?;
        if !answer.is_success() {
            return Err(answer.into_error(purpose, self.http.url()));
        }
        let machines = answer.value.get_mut("machines").map(Value::take).unwrap_or_default();
        let mut machines: Vec<Machine> = self.parsed(purpose, machines)?;
        machines.retain(|machine| !machine.machine_id.is_empty());
        Ok(machines)
    }

    async fn post(&self, purpose: &'static str, path: &str, body: &Value) -> Result<Answer> {
        self.http.call(Call { purpose, path, post: Some(body) }).await
    }

    fn parsed<T: for<'de> Deserialize<'de>>(&self, purpose: &'static str, value: Value) -> Result<T> {
        serde_json::from_value(value).map_err(|error| {
            let context = format!("{} gave an answer that ORB 1.8 does not give", self.http.url());
            Error::new(ErrorKind::Transient, purpose, context).with_source(error)
        })
    }
}

const fn get<'a>(purpose: &'static str, path: &'a str) -> Call<'a> {
    Call { purpose, path, post: None }
}

/// A name as a part of a path, or of a query.
fn in_path(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') || (byte == b'.' && name.len() > 2) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_part_of_a_path() {
        assert_eq!(in_path("i-0ab.c"), "i-0ab.c");
        assert_eq!(in_path("../a?b#c d%"), "..%2Fa%3Fb%23c%20d%25");
        assert_eq!(in_path(".."), "%2E%2E");
        assert_eq!(in_path("é"), "%C3%A9");
    }
}
