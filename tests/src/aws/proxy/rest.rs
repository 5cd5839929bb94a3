//! Operations that are told by method and path: those of Batch and S3.

use hyper::Method;
use hyper::http::request::Parts;
use serde_json::{Value, json};

/// Operations of Batch; their paths are their names in lower case.
const BATCH: [&str; 16] = [
    "SubmitJob",
    "DescribeJobs",
    "ListJobs",
    "CancelJob",
    "TerminateJob",
    "RegisterJobDefinition",
    "DeregisterJobDefinition",
    "DescribeJobDefinitions",
    "CreateJobQueue",
    "DescribeJobQueues",
    "UpdateJobQueue",
    "DeleteJobQueue",
    "CreateComputeEnvironment",
    "DescribeComputeEnvironments",
    "UpdateComputeEnvironment",
    "DeleteComputeEnvironment",
];

/// What a query says that an operation on a bucket is about.
const OF_BUCKETS: [(&str, &str); 8] = [
    ("lifecycle", "BucketLifecycleConfiguration"),
    ("tagging", "BucketTagging"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("encryption", "BucketEncryption"),
    ("versioning", "BucketVersioning"),
    ("policy", "BucketPolicy"),
    ("location", "BucketLocation"),
    ("ownershipControls", "BucketOwnershipControls"),
];

/// The operation that a request to this service is, if it is one of these.
pub(super) fn operation(service: &str, parts: &Parts) -> Option<String> {
    match service {
        "batch" => {
            let path = parts.uri.path().strip_prefix("/v1/")?;
            if path.starts_with("tags/") {
                return Some("TagResource".to_owned());
            }
            BATCH.iter().find(|name| name.eq_ignore_ascii_case(path)).map(|name| (*name).to_owned())
        }
        "s3" => of_s3(parts),
        _ => None,
    }
}

fn of_s3(parts: &Parts) -> Option<String> {
    let (bucket, key) = object(parts);
    let has = |name: &str| {
        let fields = parts.uri.query().unwrap_or_default().split('&');
        fields.map(|field| field.split('=').next().unwrap_or_default()).any(|field| field == name)
    };
    let about = OF_BUCKETS.iter().find(|(name, _)| has(name)).map(|(_, about)| *about);
    let fixed = match (&parts.method, bucket.is_empty(), key.is_empty()) {
        (&Method::GET, true, _) => "ListBuckets",
        (&Method::POST, _, true) if has("delete") => "DeleteObjects",
        (&Method::GET, _, true) if has("list-type") => "ListObjectsV2",
        (&Method::HEAD, _, true) => "HeadBucket",
        (method, _, true) => {
            let verb = match *method {
                Method::PUT => "Put",
                Method::GET => "Get",
                Method::DELETE => "Delete",
                _ => return None,
            };
            return match (about, verb) {
                (Some(about), _) => Some(format!("{verb}{about}")),
                (None, "Put") => Some("CreateBucket".to_owned()),
                (None, "Get") => Some("ListObjects".to_owned()),
                (None, _) => Some("DeleteBucket".to_owned()),
            };
        }
        (&Method::PUT, ..) if has("partNumber") => "UploadPart",
        (&Method::PUT, ..) => "PutObject",
        (&Method::GET, ..) => "GetObject",
        (&Method::HEAD, ..) => "HeadObject",
        (&Method::DELETE, ..) => "DeleteObject",
        (&Method::POST, ..) if has("uploads") => "CreateMultipartUpload",
        (&Method::POST, ..) => "CompleteMultipartUpload",
        _ => return None,
    };
    Some(fixed.to_owned())
}

/// What a request of S3 is about: it is kept in the place of its body, which may be long.
pub(super) fn summary(parts: &Parts, body: &[u8]) -> Value {
    let (bucket, key) = object(parts);
    json!({"bucket": bucket, "key": key, "size": body.len(), "keys": keys(body).len()})
}

/// The keys that a request to delete objects names.
pub(super) fn keys(body: &[u8]) -> Vec<&str> {
    // Nothing else is read of what may be twenty mebibytes of anything.
    if !body.starts_with(b"<") {
        return Vec::new();
    }
    let text = std::str::from_utf8(body).unwrap_or_default();
    text.split("<Key>").skip(1).filter_map(|part| Some(part.split_once("</Key>")?.0)).collect()
}

fn object(parts: &Parts) -> (&str, &str) {
    // On loopback the bucket is the first part of the path.
    let path = parts.uri.path().trim_start_matches('/');
    path.split_once('/').unwrap_or((path, ""))
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    #[test]
    fn operations_are_told_by_method_and_path() {
        for (service, method, uri, expected) in [
            ("batch", "POST", "/v1/submitjob", Some("SubmitJob")),
            ("batch", "POST", "/v1/tags/arn%3Aaws", Some("TagResource")),
            ("batch", "POST", "/v1/anything", None),
            ("s3", "GET", "/", Some("ListBuckets")),
            ("s3", "PUT", "/bucket", Some("CreateBucket")),
            ("s3", "PUT", "/bucket/?lifecycle", Some("PutBucketLifecycleConfiguration")),
            ("s3", "GET", "/bucket/?list-type=2&prefix=a", Some("ListObjectsV2")),
            ("s3", "POST", "/bucket/?delete", Some("DeleteObjects")),
            ("s3", "HEAD", "/bucket/a/b", Some("HeadObject")),
            ("s3", "GET", "/bucket/a/b?x-id=GetObject", Some("GetObject")),
            ("s3", "PUT", "/bucket/a?x-id=PutObject", Some("PutObject")),
            ("s3", "DELETE", "/bucket/a", Some("DeleteObject")),
            ("s3", "DELETE", "/bucket", Some("DeleteBucket")),
            ("iam", "POST", "/", None),
        ] {
            let request = Request::builder().method(method).uri(uri).body(()).expect("a request");
            assert_eq!(operation(service, &request.into_parts().0).as_deref(), expected, "{method} {uri}");
        }
    }

    #[test]
    fn keys_are_counted() {
        let body = b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>";
        assert_eq!((keys(body), keys(b"a<Key>b</Key>").len()), (vec!["a", "b"], 0));
    }
}
