//! What jobs are called, where their objects are, and how a ticket names one.

use std::sync::Arc;

use bytes::Bytes;
use scaler_wm_aws::{key_of, random_name};
use scaler_wm_core::{ManagerId, Result};

/// What the released job runner puts the number of an array's child in place of.
const INDEX: &str = "ARRAY_INDEX";

/// A name for a job, by which it can be looked for when nobody knows whether it was submitted.
pub(crate) fn job_name(manager: &ManagerId) -> Result<Arc<str>> {
    Ok(format!("{}{}", names_of(manager), random_name()?).into())
}

/// What the names of a manager's jobs begin with. Those of others may begin so, too: see [`is_of`].
pub(crate) fn names_of(manager: &ManagerId) -> String {
    format!("scaler-{}-", key_of(manager))
}

/// Whether a name is one that [`job_name`] has made for this manager.
pub(crate) fn is_of(manager: &ManagerId, name: &str) -> bool {
    let is_random = |end: &str| end.len() == 32 && end.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.strip_prefix(&names_of(manager)).is_some_and(is_random)
}

/// The job that an object is of: by its name where its key has one, and by its id where it is a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of<'a> {
    /// An input of the job of this name.
    Name(&'a str),
    /// A result of the job with this id.
    Id(&'a str),
}

/// The job that the object under this key is of.
pub(crate) fn job_of<'a>(prefix: &str, key: &'a str) -> Option<Of<'a>> {
    let (folder, rest) = key.strip_prefix(prefix)?.strip_prefix('/')?.split_once('/')?;
    let until = |end: &[char]| rest.split(end).next().filter(|part| !part.is_empty());
    match folder {
        "inputs" => until(&['.']).map(Of::Name),
        "array" => until(&['/']).map(Of::Name),
        "results" => until(&[':', '.']).map(Of::Id),
        _ => None,
    }
}

/// A task as Batch has it: a job of its own, or a child of an array.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The name of the job.
    pub(crate) name: Arc<str>,
    /// Which child of an array it is.
    pub(crate) index: Option<u32>,
}

impl Place {
    /// What a ticket says: the name, the child, and the job's id as soon as Batch has said it.
    pub(crate) fn handle(&self, job: Option<&str>) -> Bytes {
        let index = self.index.map(|index| index.to_string()).unwrap_or_default();
        Bytes::from(format!("{}/{index}/{}", self.name, job.unwrap_or_default()))
    }

    /// What [`Place::handle`] wrote; `None` for anything else.
    pub(crate) fn read(handle: &[u8]) -> Option<(Self, Option<Arc<str>>)> {
        let text = std::str::from_utf8(handle).ok()?;
        let mut parts = text.splitn(3, '/');
        let (name, index, job) = (parts.next()?, parts.next()?, parts.next()?);
        let index = if index.is_empty() { None } else { Some(index.parse().ok()?) };
        let job = (!job.is_empty()).then(|| Arc::from(job));
        (!name.is_empty()).then(|| (Self { name: Arc::from(name), index }, job))
    }

    /// The id under which Batch knows it: that of the job, and behind it the number of the child.
    pub(crate) fn id(&self, job: &str) -> String {
        match self.index {
            Some(index) => format!("{job}:{index}"),
            None => job.to_owned(),
        }
    }

    /// Where its input is, unless it travels inside the job.
    pub(crate) fn input(&self, prefix: &str) -> String {
        match self.index {
            Some(index) => array_input(prefix, &self.name, &index.to_string()),
            None => format!("{prefix}/inputs/{}.pkl.gz", self.name),
        }
    }

    /// Where job runners put its result: as it is, and compressed.
    pub(crate) fn results(&self, prefix: &str, job: &str) -> [String; 2] {
        let id = self.id(job);
        [format!("{prefix}/results/{id}.pkl"), format!("{prefix}/results/{id}.pkl.gz")]
    }
}

/// Where the children of an array look for their inputs.
pub(crate) fn array_inputs(prefix: &str, name: &str) -> String {
    array_input(prefix, name, INDEX)
}

fn array_input(prefix: &str, name: &str, index: &str) -> String {
    // Compressed whatever its size: job runners tell by the name, and one name stands for all children.
    format!("{prefix}/array/{name}/{index}.pkl.gz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_read_as_it_was_written() {
        for (index, job) in [(None, None), (None, Some("1-2")), (Some(0), None), (Some(9_999), Some("1-2"))] {
            let place = Place { name: Arc::from("scaler-m_1-0f"), index };
            let read = Place::read(&place.handle(job));
            assert_eq!(read, Some((place, job.map(Arc::from))));
        }
        for other in [&b""[..], b"name", b"/1/job", b"name/x/job", b"\xff/1/job"] {
            assert_eq!(Place::read(other), None, "{}", other.escape_ascii());
        }
    }

    #[test]
    fn a_name_is_one_that_batch_takes() {
        let name = job_name(&ManagerId::from("Batch manager é|1".repeat(20))).unwrap();
        assert!(name.len() <= 128, "{name}");
        assert!(name.chars().all(|each| each.is_ascii_alphanumeric() || "-_".contains(each)), "{name}");
    }

    #[test]
    fn a_name_tells_whose_it_is() {
        let (own, other) = (ManagerId::from("a"), ManagerId::from("a-b"));
        for (name, manager, stranger) in [(job_name(&own), &own, &other), (job_name(&other), &other, &own)] {
            let name = name.unwrap();
            assert!(is_of(manager, &name) && !is_of(stranger, &name), "{name}");
        }
        assert!(!is_of(&own, "scaler-a-mine"));
    }

    #[test]
    fn an_object_tells_of_which_job_it_is() {
        for place in [Place { name: Arc::from("n-1"), index: None }, Place { name: Arc::from("n-1"), index: Some(7) }] {
            assert_eq!(job_of("p/q", &place.input("p/q")), Some(Of::Name("n-1")));
            for key in place.results("p/q", "j-2") {
                assert_eq!(job_of("p/q", &key), Some(Of::Id("j-2")));
            }
        }
        for other in ["p/q/results/", "p/q/notes/n-1", "p/inputs/n-1.pkl.gz", "p/qinputs/n"] {
            assert_eq!(job_of("p/q", other), None, "{other}");
        }
    }

    #[test]
    fn children_find_what_was_put_for_them() {
        let child = Place { name: Arc::from("n"), index: Some(7) };
        assert_eq!(array_inputs("p", "n").replace(INDEX, "7"), child.input("p"));
        assert_eq!(child.results("p", "j")[1], "p/results/j:7.pkl.gz");
    }
}
