//! What tasks run with, kept in memory for those that come after.

use bytes::Bytes;
use futures_util::future::try_join_all;
use quick_cache::{Weighter, sync::Cache};
use scaler_wm_core::{Inputs, TaskId};
use scaler_wm_wire::{
    Result,
    message::{ClientId, ObjectId, Task},
    storage::StorageClient,
};

/// A task as its agent needs it.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) task: TaskId,
    pub(crate) client: ClientId,
    /// The larger, the sooner.
    pub(crate) priority: i32,
    function: ObjectId,
    arguments: Vec<ObjectId>,
}

impl Job {
    /// What its ids take in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let arguments = self.arguments.iter().map(|argument| size_of::<ObjectId>() + argument.as_bytes().len());
        let ids = self.task.as_bytes().len() + self.client.as_bytes().len() + self.function.as_bytes().len();
        ids + arguments.sum::<usize>()
    }
}

impl From<Task> for Job {
    fn from(task: Task) -> Self {
        Self {
            task: TaskId::from(task.id.as_bytes()),
            priority: task.priority(),
            client: task.source,
            function: task.function,
            arguments: task.arguments.into_iter().map(|argument| ObjectId(argument.data)).collect(),
        }
    }
}

#[derive(Clone, Debug)]
struct Length;

impl Weighter<ObjectId, Bytes> for Length {
    fn weight(&self, object: &ObjectId, bytes: &Bytes) -> u64 {
        (object.as_bytes().len() + bytes.len()) as u64
    }
}

/// About how long an object is, for a first guess at how many there will be.
const USUAL: u64 = 4 * 1024;

/// Objects in memory, up to so many bytes. One that several ask for at once is fetched once.
#[derive(Debug)]
pub(crate) struct Objects(Cache<ObjectId, Bytes, Length>);

impl Objects {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Cache::with_weighter(usize::try_from(bytes / USUAL).unwrap_or(usize::MAX), bytes, Length))
    }

    /// The object is gone: whoever asks for it again asks the storage.
    pub(crate) fn drop_object(&self, object: &ObjectId) {
        self.0.remove(object);
    }

    /// All that a task runs with; waits until all of it exists.
    ///
    /// # Errors
    /// When the storage can never have it.
    pub(crate) async fn inputs(&self, job: &Job, storage: &StorageClient) -> Result<Inputs> {
        let serializer = ObjectId::of_serializer(&job.client);
        let wanted = [&serializer, &job.function].into_iter().chain(&job.arguments);
        let mut found = try_join_all(wanted.map(|object| self.get(object, storage))).await?.into_iter();
        Ok(Inputs {
            serializer: found.next().unwrap_or_default(),
            function: found.next().unwrap_or_default(),
            arguments: found.collect(),
        })
    }

    async fn get(&self, object: &ObjectId, storage: &StorageClient) -> Result<Bytes> {
        let fetch = async {
            let bytes = storage.get(object.clone()).await?;
            // What is kept must not keep the buffer in which it came.
            Ok(Bytes::copy_from_slice(&bytes))
        };
        self.0.get_or_insert_async(object, fetch).await
    }
}
