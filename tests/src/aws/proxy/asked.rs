//! What a request asks for.

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::http::request::Parts;
use serde_json::{Map, Value};

use super::{form, rest};

/// A request with what is understood of it.
pub(super) struct Asked {
    pub(super) parts: Parts,
    pub(super) body: Bytes,
    /// `ecs`, `ec2`, `iam`, `batch`, `s3`, or whatever its signature names.
    pub(super) service: String,
    /// The region that its signature names.
    pub(super) region: String,
    /// Whose key it is signed with.
    pub(super) access_key: String,
    /// The operation, else method and path.
    pub(super) operation: String,
    /// The body of a request in JSON; of S3, what the request is about.
    pub(super) json: Value,
    /// The body of a request of the query protocol: its fields by name, without their structure.
    pub(super) form: Map<String, Value>,
}

impl Asked {
    pub(super) fn new(parts: Parts, body: Bytes) -> Self {
        let target = text(&parts.headers, "x-amz-target");
        let is_ecs = target.is_some_and(|target| target.starts_with("AmazonEC2ContainerService"));
        let signed = |part| credential(&parts.headers, part).unwrap_or_default();
        let service = if is_ecs { "ecs".to_owned() } else { signed(SERVICE) };
        let (region, access_key) = (signed(REGION), signed(ACCESS_KEY));
        let (json, form) = match (target, &*service) {
            (Some(_), _) => (serde_json::from_slice(&body).unwrap_or_default(), Map::new()),
            (None, "batch") => {
                (serde_json::from_slice(&body).unwrap_or_else(|_| Value::Object(Map::new())), Map::new())
            }
            (None, "s3") => (rest::summary(&parts, &body), Map::new()),
            (None, _) => (Value::Null, form::read(&body)),
        };
        let operation = target
            .and_then(|target| target.rsplit('.').next())
            .or_else(|| form.get("Action")?.as_str())
            .map(str::to_owned)
            .or_else(|| rest::operation(&service, &parts))
            .unwrap_or_else(|| format!("{} {}", parts.method, parts.uri.path()));
        Self { parts, body, service, region, access_key, operation, json, form }
    }

    /// Whether it is this operation of ECS.
    pub(super) fn is(&self, operation: &str) -> bool {
        self.service == "ecs" && self.operation == operation
    }

    /// Whether it is this action of EC2.
    pub(super) fn is_ec2(&self, action: &str) -> bool {
        self.service == "ec2" && self.operation == action
    }

    /// The body, in whichever protocol.
    pub(super) fn body(&self) -> Value {
        if self.form.is_empty() { self.json.clone() } else { self.form.clone().into() }
    }

    /// A field of a form.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.form.get(name)?.as_str()
    }

    /// The fields of a form whose names begin so.
    pub(super) fn fields<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.form.iter().filter_map(move |(name, value)| value.as_str().filter(|_| name.starts_with(prefix)))
    }

    /// Whether errors are told in JSON.
    pub(super) fn is_json(&self) -> bool {
        !self.json.is_null() && self.service != "s3"
    }

    /// Whether it submits a job of Batch.
    pub(super) fn is_submission(&self) -> bool {
        self.service == "batch" && self.operation == "SubmitJob"
    }

    /// Whether it launches something.
    pub(super) fn is_launch(&self) -> bool {
        self.is("RunTask") || self.is_ec2("RunInstances") || self.is_ec2("CreateFleet")
    }

    /// How many tasks, instances or jobs it launches at most.
    pub(super) fn count(&self) -> u64 {
        let number = |name: &str| self.field(name).and_then(|count| count.parse().ok()).unwrap_or(1);
        match self.operation.as_str() {
            _ if self.is_submission() => self.json["arrayProperties"]["size"].as_u64().unwrap_or(1),
            _ if !self.is_launch() => 0,
            "RunInstances" => number("MaxCount"),
            "CreateFleet" => number("TargetCapacitySpecification.TotalTargetCapacity"),
            _ => self.json["count"].as_u64().unwrap_or(1),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

const ACCESS_KEY: usize = 0;
const REGION: usize = 2;
const SERVICE: usize = 3;

/// A part of what a signature says of itself: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn credential(headers: &HeaderMap, part: usize) -> Option<String> {
    let credential = text(headers, "authorization")?.split_once("Credential=")?.1;
    credential.split('/').nth(part).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn asked(headers: &[(&str, &str)], body: &'static str) -> Asked {
        let mut builder = Request::post("/");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        Asked::new(builder.body(()).expect("a request").into_parts().0, Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn operations_of_both_protocols_are_understood() {
        let target = ("x-amz-target", "AmazonEC2ContainerServiceV20141113.RunTask");
        let run = asked(&[target], r#"{"count": 3}"#);
        assert_eq!((run.is("RunTask"), run.is_json(), run.count()), (true, true, 3));
        let signature = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host";
        let role = asked(&[("authorization", signature)], "Action=GetRole&RoleName=r");
        assert_eq!((&*role.service, &*role.operation, role.is_json(), role.count()), ("iam", "GetRole", false, 0));
        let signature = signature.replace("/iam/", "/ec2/");
        let instances = asked(&[("authorization", &signature)], "Action=RunInstances&MaxCount=4&InstanceId.1=i-1");
        assert_eq!((instances.is_ec2("RunInstances"), instances.is_launch(), instances.count()), (true, true, 4));
        assert_eq!(
            (&*instances.region, instances.fields("InstanceId.").collect::<Vec<_>>()),
            ("us-east-1", vec!["i-1"])
        );
        assert_eq!(asked(&[], "").operation, "POST /");
    }
}
