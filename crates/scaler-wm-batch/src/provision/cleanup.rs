//! Takes away what was made, and nothing else.

use std::{fs, io, path::Path};

use scaler_wm_core::{Chain, Error, ErrorKind, Result};

use super::{Happened, Site, Thing, logs::GROUP, service_role::SERVICE, show::exports, site::TAG};

/// What became of one thing that was to be removed.
pub(super) enum Gone {
    /// It is removed.
    Removed(String),
    /// It was not there.
    Absent,
    /// It is there, and is no work of ours.
    Others,
    /// It is ours, and stays, as somebody else needs it; that is no failure.
    Kept(String),
}

/// What a cleanup left.
#[derive(Debug, Default)]
pub struct Cleanup {
    /// What was removed.
    pub removed: Vec<String>,
    /// What is there and was not made by us, or is needed by others, and why it stays.
    pub left: Vec<(String, String)>,
    /// What should have gone and did not, and why.
    pub failed: Vec<(String, String)>,
}

/// What is removed, in an order in which nothing is needed any more when its turn comes.
const ORDER: [Thing; 10] = [
    Thing::JobQueue,
    Thing::ComputeEnvironment,
    Thing::JobDefinition,
    Thing::InstanceProfile,
    Thing::InstanceRole,
    Thing::JobRole,
    Thing::ServiceRole,
    Thing::S3Bucket,
    Thing::ImageRepository,
    Thing::LogGroup,
];

impl Site<'_> {
    /// Removes everything that was made here. What fails is told and passed over; another call tries it again. When
    /// nothing is left, the state file and the file for a shell go as well.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub async fn cleanup(&mut self) -> Result<Cleanup> {
        let mut cleanup = Cleanup::default();
        for thing in ORDER {
            let name = self.name_of(thing);
            let gone = self.remove(thing).await;
            let is_on_record = self.book.has_made(thing, &name);
            let what = format!("{thing} {name}");
            match gone {
                Ok(Gone::Removed(detail)) => {
                    self.tell(Happened::Removed, thing, &name, detail);
                    self.book.forget(thing, &name)?;
                    cleanup.removed.push(what);
                }
                Ok(Gone::Absent) => {
                    if is_on_record {
                        self.tell(Happened::Absent, thing, &name, "");
                    }
                    self.book.forget(thing, &name)?;
                }
                Ok(Gone::Others) if is_on_record => {
                    let why = format!(
                        "it was made by us, and does not bear our tag any more: remove it by hand, or tag it with {}={}",
                        TAG, self.place.prefix
                    );
                    self.tell(Happened::Failed, thing, &name, &why);
                    cleanup.failed.push((what, why));
                }
                Ok(Gone::Others) => {
                    let why = "it was not made by us";
                    self.tell(Happened::Left, thing, &name, why);
                    cleanup.left.push((what, why.to_owned()));
                }
                Ok(Gone::Kept(why)) => {
                    self.tell(Happened::Left, thing, &name, &why);
                    self.book.forget(thing, &name)?;
                    cleanup.left.push((what, why));
                }
                Err(error) => {
                    let why = Chain(&error).to_string();
                    self.tell(Happened::Failed, thing, &name, &why);
                    cleanup.failed.push((what, why));
                }
            }
        }
        if cleanup.failed.is_empty() && self.book.is_ours() {
            self.remove_files()?;
        }
        Ok(cleanup)
    }

    fn name_of(&self, thing: Thing) -> String {
        let names = &self.names;
        match thing {
            Thing::S3Bucket => &names.bucket,
            Thing::LogGroup => GROUP,
            Thing::JobRole => &names.job_role,
            Thing::InstanceRole => &names.instance_role,
            Thing::InstanceProfile => &names.instance_profile,
            Thing::ServiceRole => SERVICE,
            Thing::ComputeEnvironment => &names.environment,
            Thing::JobQueue => &names.queue,
            Thing::JobDefinition => &names.definition,
            Thing::ImageRepository => &names.repository,
        }
        .to_owned()
    }

    async fn remove(&self, thing: Thing) -> Result<Gone> {
        match thing {
            Thing::S3Bucket => self.remove_bucket().await,
            Thing::LogGroup => self.remove_log_group().await,
            Thing::JobRole => self.remove_role(&self.names.job_role).await,
            Thing::InstanceRole => self.remove_role(&self.names.instance_role).await,
            Thing::InstanceProfile => self.remove_profile().await,
            Thing::ServiceRole => self.remove_service_role().await,
            Thing::ComputeEnvironment => self.remove_environment().await,
            Thing::JobQueue => self.remove_queue().await,
            Thing::JobDefinition => self.remove_definition().await,
            Thing::ImageRepository => self.remove_repository().await,
        }
    }

    fn remove_files(&mut self) -> Result<()> {
        let path = self.book.path().to_owned();
        let written = exports(self.state());
        let failed = |file: &Path, error: io::Error| {
            let context = format!("nothing of it is left in AWS: remove {} by hand", file.display());
            Error::new(ErrorKind::Failed, "remove a file", context).with_source(error)
        };
        self.book.remove().map_err(|error| failed(&path, error))?;
        let env_file = &self.place.env_file;
        // Only what we have written there: the flag may name another file than it did then.
        if written.is_none() || fs::read_to_string(env_file).ok() != written {
            return Ok(());
        }
        fs::remove_file(env_file).map_err(|error| failed(env_file, error))
    }
}
