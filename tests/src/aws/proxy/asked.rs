//! What a request asks for.

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::http::request::Parts;
use serde_json::Value;

/// A request with what is understood of it.
pub(super) struct Asked {
    pub(super) parts: Parts,
    pub(super) body: Bytes,
    /// `ecs`, `iam`, or whatever its signature names.
    pub(super) service: String,
    /// Whose key it is signed with.
    pub(super) access_key: String,
    /// The operation, else method and path.
    pub(super) operation: String,
    /// The body of a request in JSON.
    pub(super) json: Value,
}

impl Asked {
    pub(super) fn new(parts: Parts, body: Bytes) -> Self {
        let target = text(&parts.headers, "x-amz-target");
        let json = if target.is_some() { serde_json::from_slice(&body).unwrap_or_default() } else { Value::Null };
        let operation = target
            .and_then(|target| target.rsplit('.').next())
            .map(str::to_owned)
            .or_else(|| action(&body))
            .unwrap_or_else(|| format!("{} {}", parts.method, parts.uri.path()));
        let is_ecs = target.is_some_and(|target| target.starts_with("AmazonEC2ContainerService"));
        let signed = |part| credential(&parts.headers, part).unwrap_or_default();
        let service = if is_ecs { "ecs".to_owned() } else { signed(SERVICE) };
        let access_key = signed(ACCESS_KEY);
        Self { parts, body, service, access_key, operation, json }
    }

    /// Whether it is this operation of ECS.
    pub(super) fn is(&self, operation: &str) -> bool {
        self.service == "ecs" && self.operation == operation
    }

    /// Whether errors are told in JSON.
    pub(super) fn is_json(&self) -> bool {
        !self.json.is_null()
    }

    /// How many tasks it launches.
    pub(super) fn count(&self) -> u64 {
        if self.is("RunTask") { self.json["count"].as_u64().unwrap_or(1) } else { 0 }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The action of the query protocol: a field of a form.
fn action(body: &[u8]) -> Option<String> {
    let form = std::str::from_utf8(body).ok()?;
    form.split('&').find_map(|field| field.strip_prefix("Action=")).map(str::to_owned)
}

const ACCESS_KEY: usize = 0;
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
        assert_eq!(asked(&[], "").operation, "POST /");
    }
}
