//! The calls to S3, at their pace.

use std::{env, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{Builder, timeout::TimeoutConfig},
    error::BuildError,
    primitives::ByteStream,
    types::{Delete, ObjectIdentifier},
};
use bytes::Bytes;
use futures_util::future::join_all;
use scaler_wm_aws::{Caller, Pace, Request, SdkConfig, Tries};
use scaler_wm_core::{Error, ErrorKind, Result};
use tokio::sync::Semaphore;

use crate::BatchConfig;

/// Keys that one call deletes at most.
const DELETED_AT_ONCE: usize = 1000;
/// Bytes that are on their way at most, up and down each, in pieces of [`PIECE`].
const UNDER_WAY: u32 = 64 << 20;
const PIECE: u32 = 64 << 10;
/// The longest that one object may take: the largest are gigabytes, and a line that stands still is noticed sooner.
const OBJECT_WITHIN: Duration = Duration::from_secs(15 * 60);

/// The objects of one bucket.
#[derive(Debug)]
pub(crate) struct Objects {
    s3: Client,
    caller: Caller,
    bucket: String,
    pace: Pace,
    room_up: Semaphore,
    room_down: Semaphore,
}

/// A client for objects of any size, at an endpoint of any kind.
pub(crate) fn client(sdk: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(OBJECT_WITHIN).build();
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    // What is not AWS itself has no host for each bucket.
    let is_elsewhere = sdk.endpoint_url().is_some() || is_set("AWS_ENDPOINT_URL") || is_set("AWS_ENDPOINT_URL_S3");
    Client::from_conf(Builder::from(sdk).timeout_config(timeouts).force_path_style(is_elsewhere).build())
}

impl Objects {
    pub(crate) fn new(s3: Client, caller: Caller, config: &BatchConfig) -> Self {
        let room = || Semaphore::new((UNDER_WAY / PIECE) as usize);
        let pace = Pace::new(config.paces.objects);
        Self { s3, caller, bucket: config.bucket.clone(), pace, room_up: room(), room_down: room() }
    }

    /// Waits until there is room for so many bytes more on their way up. Taken before they are made, so that they do not
    /// pile up in memory.
    pub(crate) async fn room(&self, bytes: u64) -> tokio::sync::SemaphorePermit<'_> {
        let pieces = u32::try_from(bytes / u64::from(PIECE)).unwrap_or(u32::MAX).clamp(1, UNDER_WAY / PIECE);
        self.room_up.acquire_many(pieces).await.expect("it is never closed")
    }

    pub(crate) async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let paces = [(&self.pace, 1.0)];
        // The same bytes under the same key once more change nothing.
        let request = request("PutObject", "put the input of a task into the bucket", &paces);
        let call = || {
            let body = ByteStream::from(bytes.clone());
            self.s3.put_object().bucket(&self.bucket).key(key).body(body).send()
        };
        self.caller.call(request, call).await.map(drop).map_err(|error| self.explain(error))
    }

    /// An object; `None` where there is none. Who may not list the bucket is told that it is denied instead.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let paces = [(&self.pace, 1.0)];
        let request = request("GetObject", "get the result of a task from the bucket", &paces);
        let answer = self.caller.call(request, || self.s3.get_object().bucket(&self.bucket).key(key).send()).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.kind() == ErrorKind::NotFound && !error.to_string().contains("NoSuchBucket") => {
                return Ok(None);
            }
            Err(error) => return Err(self.explain(error)),
        };
        let size = answer.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
        let pieces = u32::try_from(size / u64::from(PIECE)).unwrap_or(u32::MAX).clamp(1, UNDER_WAY / PIECE);
        let _room = self.room_down.acquire_many(pieces).await.expect("it is never closed");
        let body = answer.body.collect().await.map_err(|error| {
            Error::new(ErrorKind::Transient, "get the result of a task from the bucket", "").with_source(error)
        })?;
        Ok(Some(body.into_bytes()))
    }

    /// The keys that begin so.
    pub(crate) async fn begin_with(&self, prefix: &str) -> Result<Vec<String>> {
        let paces = [(&self.pace, 1.0)];
        let request = request("ListObjectsV2", "list the objects of tasks", &paces);
        let (mut keys, mut next) = (Vec::new(), None);
        loop {
            let call = self.s3.list_objects_v2().bucket(&self.bucket).prefix(prefix);
            let call = call.set_continuation_token(next.take());
            let page = self.caller.call(request, || call.clone().send()).await.map_err(|error| self.explain(error))?;
            keys.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
            next = page.next_continuation_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(keys);
            }
        }
    }

    /// Deletes objects, those that are not there included; which of them stay, and the last reason.
    pub(crate) async fn delete(&self, keys: Vec<String>) -> std::result::Result<(), (Vec<String>, Error)> {
        let calls = keys.chunks(DELETED_AT_ONCE).map(|keys| async move {
            let left = self.delete_some(keys).await;
            left.map_err(|error| (keys.to_vec(), error))
        });
        let mut left = (Vec::new(), None);
        for outcome in join_all(calls).await {
            if let Err((keys, error)) = outcome {
                left.0.extend(keys);
                left.1 = Some(error);
            }
        }
        left.1.map_or(Ok(()), |error| Err((left.0, error)))
    }

    async fn delete_some(&self, keys: &[String]) -> Result<()> {
        let paces = [(&self.pace, 1.0)];
        let request = request("DeleteObjects", "delete objects of tasks that are over", &paces);
        let id = |key: &String| ObjectIdentifier::builder().key(key).build().map_err(incomplete);
        let ids = keys.iter().map(id).collect::<Result<Vec<_>>>()?;
        let delete = Delete::builder().set_objects(Some(ids)).quiet(true).build().map_err(incomplete)?;
        let call = self.s3.delete_objects().bucket(&self.bucket).delete(delete);
        let answer = self.caller.call(request, || call.clone().send()).await?;
        match answer.errors().first() {
            None => Ok(()),
            Some(error) => {
                let code = error.code().unwrap_or_default();
                let kind = scaler_wm_aws::class_of(code, error.message().unwrap_or_default(), 400);
                let context = format!("{code}: {}", error.key().unwrap_or_default());
                Err(Error::new(kind, "delete objects of tasks that are over", context))
            }
        }
    }

    fn explain(&self, error: Error) -> Error {
        if error.kind().is_fatal() || error.kind() == ErrorKind::NotFound {
            return error.with_advice(&format!("the bucket is `{}` (--s3-bucket)", self.bucket));
        }
        error
    }
}

/// A call that may be repeated: what it does once more, it has done.
const fn request<'a>(operation: &'static str, purpose: &'static str, paces: &'a [(&'a Pace, f64)]) -> Request<'a> {
    Request { operation, purpose, paces, tries: Tries::Lost, refine: |_, _| None }
}

fn incomplete(error: BuildError) -> Error {
    Error::new(ErrorKind::Invalid, "delete objects of tasks that are over", "the request is not complete")
        .with_source(error)
}
