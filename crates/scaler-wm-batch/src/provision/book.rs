//! The state file: what was made, and what there is to know about it.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use scaler_wm_core::{Error, ErrorKind, Result, options::OptionError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files::write_whole;

/// The version of the form of the state file.
const FORM: u32 = 1;

/// What the state file holds. The names are those of the released provisioner's file as far as that has them, so that
/// scripts which read it go on working.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The region.
    pub aws_region: String,
    /// The account's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_account_id: Option<String>,
    /// What names begin with.
    pub prefix: String,
    /// The kind of the compute environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_type: Option<String>,
    /// The bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_bucket: Option<String>,
    /// The prefix of keys in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_prefix: Option<String>,
    /// The role of jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam_role_arn: Option<String>,
    /// The profile of instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_profile_arn: Option<String>,
    /// The role in which Batch works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_role_arn: Option<String>,
    /// The log group of jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group: Option<String>,
    /// The compute environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_environment_arn: Option<String>,
    /// The job queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_queue_arn: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_queue_name: Option<String>,
    /// The newest revision of the job definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_definition_arn: Option<String>,
    /// Its name, by which jobs run in the newest revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_definition_name: Option<String>,
    /// The image of jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_image: Option<String>,
    /// vCPUs of a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<i64>,
    /// MiB that a job gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<i64>,
    /// Types of instances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instance_types: Vec<String>,
    /// Most vCPUs that run at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_vcpus: Option<i32>,
    /// Seconds after which AWS ends a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_timeout_seconds: Option<i32>,
    /// The version of this file's form; none in a file of the released provisioner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaler_wm_form: Option<u32>,
    /// What was made by us, or was about to be when this was written.
    pub made: Vec<Made>,
}

/// One thing that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// What it is.
    pub kind: Thing,
    /// Its name.
    pub name: String,
}

/// What can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// A bucket of S3.
    S3Bucket,
    /// A log group of CloudWatch.
    LogGroup,
    /// The role of jobs.
    JobRole,
    /// The role of instances.
    InstanceRole,
    /// The instance profile with that role.
    InstanceProfile,
    /// The role that AWS Batch has in every account that uses it.
    ServiceRole,
    /// A compute environment of Batch.
    ComputeEnvironment,
    /// A job queue of Batch.
    JobQueue,
    /// A job definition of Batch; its name stands for all revisions.
    JobDefinition,
    /// An image repository of ECR.
    ImageRepository,
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S3Bucket => "S3 bucket",
            Self::LogGroup => "log group",
            Self::JobRole => "job role",
            Self::InstanceRole => "instance role",
            Self::InstanceProfile => "instance profile",
            Self::ServiceRole => "service role",
            Self::ComputeEnvironment => "compute environment",
            Self::JobQueue => "job queue",
            Self::JobDefinition => "job definition",
            Self::ImageRepository => "image repository",
        })
    }
}

/// What a file says. One of something else is not taken for an empty one: it would be overwritten.
fn read(text: &str) -> Result<State, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let has = |key: &str| value.get(key).is_some_and(Value::is_string);
    match ["aws_region", "prefix"].into_iter().find(|key| !has(key)) {
        Some(key) => Err(format!("it has no `{key}`")),
        None => serde_json::from_value(value).map_err(|error| error.to_string()),
    }
}

/// A state file at work: every change is on disk before anything else happens.
#[derive(Debug)]
pub struct Book {
    path: PathBuf,
    state: State,
    is_there: bool,
}

impl Book {
    /// Reads a state file; one that is not there is an empty one.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn open(path: &Path) -> Result<Self, OptionError> {
        let refuse = |problem: String| OptionError::new("--config", format!("{}: {problem}", path.display()));
        let (state, is_there) = match fs::read_to_string(path) {
            Ok(text) => {
                let state = read(&text).map_err(|problem| {
                    refuse(format!("this is no state file: {problem}; name another, or remove it"))
                })?;
                (state, true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (State::default(), false),
            Err(error) => return Err(refuse(format!("it cannot be read: {error}"))),
        };
        match state.scaler_wm_form {
            Some(form) if form > FORM => {
                Err(refuse(format!("a later version of scaler-wm wrote it (form {form}): use that version")))
            }
            _ => Ok(Self { path: path.to_owned(), state, is_there }),
        }
    }

    /// What it holds.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is such a file.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        self.is_there
    }

    /// Whether this program wrote it.
    pub(super) const fn is_ours(&self) -> bool {
        self.is_there && self.state.scaler_wm_form.is_some()
    }

    /// Changes what it holds, on disk as well.
    pub(super) fn note(&mut self, change: impl FnOnce(&mut State)) -> Result<()> {
        let before = self.state.clone();
        change(&mut self.state);
        self.state.scaler_wm_form = Some(FORM);
        if self.is_there && self.state == before {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(&self.state).map_err(|error| self.unwritten(error))? + "\n";
        write_whole(&self.path, &text).map_err(|error| self.unwritten(error))?;
        self.is_there = true;
        Ok(())
    }

    fn unwritten(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let context = format!("--config names {}", self.path.display());
        Error::new(ErrorKind::Failed, "write the state file", context).with_source(error)
    }

    /// Whether something is on record as made by us.
    pub(super) fn has_made(&self, kind: Thing, name: &str) -> bool {
        self.state.made.iter().any(|made| made.kind == kind && made.name == name)
    }

    /// Something is about to be made: from here on it is ours, whatever happens.
    pub(super) fn makes(&mut self, kind: Thing, name: &str) -> Result<()> {
        if self.has_made(kind, name) {
            return Ok(());
        }
        let made = Made { kind, name: name.to_owned() };
        self.note(|state| state.made.push(made))
    }

    /// Something that we made is gone.
    pub(super) fn forget(&mut self, kind: Thing, name: &str) -> Result<()> {
        if !self.has_made(kind, name) {
            return Ok(());
        }
        self.note(|state| state.made.retain(|made| made.kind != kind || made.name != name))
    }

    /// Removes the file.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        fs::remove_file(&self.path)?;
        self.is_there = false;
        self.state = State::default();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let mut book = Book::open(&path).unwrap();
        assert!(!book.is_there());
        book.note(|state| state.prefix = "p".to_owned()).unwrap();
        book.makes(Thing::S3Bucket, "b").unwrap();
        book.makes(Thing::S3Bucket, "b").unwrap();
        book.makes(Thing::JobQueue, "q").unwrap();
        book.note(|state| state.s3_bucket = Some("b".to_owned())).unwrap();
        book.forget(Thing::JobQueue, "q").unwrap();
        let mut again = Book::open(&path).unwrap();
        assert_eq!(again.state(), book.state());
        assert_eq!(again.state().made, [Made { kind: Thing::S3Bucket, name: "b".to_owned() }]);
        assert!(again.is_ours());
        again.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_file_of_the_released_provisioner_is_understood_and_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let released = r#"{"aws_region": "eu-west-1", "aws_account_id": "1", "prefix": "p", "compute_type": "EC2",
            "s3_bucket": "b", "vcpus": 1, "memory_mb": 1843, "instance_types": ["optimal"]}"#;
        fs::write(&path, released).unwrap();
        let book = Book::open(&path).unwrap();
        assert_eq!((book.state().aws_region.as_str(), book.is_ours()), ("eu-west-1", false));
        let later = r#"{"aws_region": "x", "prefix": "p", "scaler_wm_form": 99}"#;
        for (text, problem) in [
            ("[]", "no state file: it has no `aws_region`"),
            (r#"{"name": "something else"}"#, "no state file: it has no `aws_region`"),
            (r#"{"aws_region": "x", "prefix": "p", "vcpus": "many"}"#, "no state file: invalid type"),
            ("half of {", "no state file: expected"),
            (later, "a later version"),
        ] {
            fs::write(&path, text).unwrap();
            let error = Book::open(&path).unwrap_err().to_string();
            assert!(error.starts_with("--config: ") && error.contains(problem), "{error}");
        }
    }
}
