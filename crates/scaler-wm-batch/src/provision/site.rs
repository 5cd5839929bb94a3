//! Where things are made: an account, the names in it, and the state file.

use std::{collections::HashMap, time::Duration};

use scaler_wm_core::{Error, ErrorKind, Result};

use super::{
    Book, Happened, Place, Progress, Services, State, Thing, Wanted,
    account::Account,
    docker,
    environment::Roles,
    files::write_whole,
    settings::{Names, S3_PREFIX},
    show::exports,
    watch::Watch,
};

/// The tag that everything bears which is made here; its value is the prefix.
pub(super) const TAG: &str = "scaler-wm:provisioned-by";

/// A place in AWS, and the state file that tells of it.
pub struct Site<'a> {
    pub(super) account: Account,
    pub(super) names: Names,
    pub(super) place: Place,
    pub(super) book: Book,
    pub(super) tell: &'a dyn Fn(Progress),
}

impl<'a> Site<'a> {
    /// Asks AWS whose account it is. `tell` is told of every step.
    ///
    /// # Errors
    /// When AWS does not answer, or when the state file belongs to another account.
    pub async fn open(place: Place, book: Book, services: Services, tell: &'a dyn Fn(Progress)) -> Result<Self> {
        let account = Account::open(services).await?;
        let names = Names::new(&place, &account.id);
        if let Some(id) = book.state().aws_account_id.as_ref().filter(|id| **id != account.id) {
            let context = format!(
                "{} tells of account {id}, and these credentials belong to {}: take credentials of that account, or name \
                 another state file by --config",
                book.path().display(),
                account.id
            );
            return Err(Error::new(ErrorKind::Invalid, "use the state file", context));
        }
        Ok(Self { account, names, place, book, tell })
    }

    /// What the state file holds.
    #[must_use]
    pub const fn state(&self) -> &State {
        self.book.state()
    }

    /// Makes everything that is wanted, or brings it up to date, step by step. What is there already, as it should be,
    /// is not touched: the same call again changes nothing.
    ///
    /// # Errors
    /// At the first step that fails. What was made until then is in the state file; another call goes on there.
    pub async fn provision(&mut self, wanted: &Wanted) -> Result<()> {
        // What may fail for a mistake of the user's comes before anything is made.
        if wanted.image.is_none() {
            docker::check()?;
        }
        let network = self.network(wanted).await?;
        let (region, prefix) = (self.place.region.clone(), self.place.prefix.clone());
        let (account, bucket) = (self.account.id.clone(), self.names.bucket.clone());
        self.book.note(|state| {
            state.aws_region = region;
            state.prefix = prefix;
            state.aws_account_id = Some(account);
            state.compute_type = Some("EC2".to_owned());
        })?;
        let image = match &wanted.image {
            Some(image) => image.clone(),
            None => self.image_of(&wanted.recipe).await?,
        };
        self.bucket().await?;
        self.book.note(|state| {
            state.s3_bucket = Some(bucket);
            state.s3_prefix = Some(S3_PREFIX.to_owned());
        })?;
        self.log_group().await?;
        let job_role = self.job_role().await?;
        let (profile, is_profile_new) = self.instance_profile().await?;
        let (service, is_service_new) = self.service_role().await?;
        let roles = Roles { profile, service, are_new: is_profile_new || is_service_new };
        let environment = self.environment(wanted, &network, &roles).await?;
        self.queue(&environment).await?;
        self.definition(&image, &job_role, wanted.jobs).await?;
        self.write_env_file()
    }

    /// Writes the names that a manager needs for a shell.
    fn write_env_file(&self) -> Result<()> {
        let path = &self.place.env_file;
        let Some(text) = exports(self.state()) else { return Ok(()) };
        write_whole(path, &text).map_err(|error| {
            let context = format!("--env-file names {}", path.display());
            Error::new(ErrorKind::Failed, "write the file for a shell", context).with_source(error)
        })
    }

    /// Tells of a step.
    pub(super) fn tell(&self, happened: Happened, thing: Thing, name: &str, detail: impl Into<String>) {
        (self.tell)(Progress { happened, what: format!("{thing} {name}"), detail: detail.into() });
    }

    /// Tells that something is used as it is, since it is not ours.
    pub(super) fn tell_others(&self, thing: Thing, name: &str) {
        self.tell(Happened::Left, thing, name, "it was there before and is used as it is");
    }

    /// A wait for something.
    pub(super) fn watch(&self, thing: Thing, name: &str, limit: Duration) -> Watch<'a> {
        Watch::new(self.tell, format!("{thing} {name}"), limit)
    }

    /// Whether a thing with this tag is ours.
    pub(super) fn is_ours(&self, tag: Option<&str>) -> bool {
        tag == Some(self.place.prefix.as_str())
    }

    /// Whether a thing with these tags is ours.
    pub(super) fn is_tagged(&self, tags: Option<&HashMap<String, String>>) -> bool {
        self.is_ours(tags.and_then(|tags| tags.get(TAG)).map(String::as_str))
    }
}
