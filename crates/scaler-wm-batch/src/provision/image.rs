//! The image of jobs, in a repository of the account.

use std::collections::HashMap;

use aws_sdk_ecr::types::{ImageIdentifier, Repository, Tag};
use base64::{Engine, engine::general_purpose::STANDARD};
use scaler_wm_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::{
    Happened, Progress, Recipe, Site, Thing,
    account::{found, incomplete, lacking, made},
    cleanup::Gone,
    docker::{self, Login},
    site::TAG,
};

/// Images that stay in the repository.
const KEPT: u32 = 3;

/// What becomes of older images.
fn lifecycle() -> Value {
    json!({"rules": [{
        "rulePriority": 1,
        "description": format!("the newest {KEPT} images stay"),
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT},
        "action": {"type": "expire"},
    }]})
}

impl Site<'_> {
    /// Builds the image of a recipe and pushes it, whether it is there or not: its base may have changed. Returns its
    /// name.
    ///
    /// # Errors
    /// When docker is not there, or AWS or docker fail.
    pub async fn build_image(&mut self, recipe: &Recipe) -> Result<String> {
        docker::check()?;
        let (region, prefix, account) = (self.place.region.clone(), self.place.prefix.clone(), self.account.id.clone());
        self.book.note(|state| {
            state.aws_region = region;
            state.prefix = prefix;
            state.aws_account_id = Some(account);
        })?;
        let repository = self.repository().await?;
        self.build_and_push(&repository, recipe).await
    }

    /// The name of the image of a recipe, which is built and pushed unless it is there.
    pub(super) async fn image_of(&mut self, recipe: &Recipe) -> Result<String> {
        let repository = self.repository().await?;
        let call = self.account.services.ecr.describe_images().repository_name(&self.names.repository);
        let call = call.image_ids(ImageIdentifier::builder().image_tag(recipe.tag()).build());
        let purpose = "look for the image";
        if found(self.account.call("DescribeImages", purpose, || call.clone().send()).await)?.is_some() {
            let image = format!("{repository}:{}", recipe.tag());
            (self.tell)(Progress {
                happened: Happened::Already,
                what: format!("image {image}"),
                detail: String::new(),
            });
            return Ok(image);
        }
        self.build_and_push(&repository, recipe).await
    }

    async fn build_and_push(&self, repository: &str, recipe: &Recipe) -> Result<String> {
        let image = format!("{repository}:{}", recipe.tag());
        let login = self.login().await?;
        docker::build_and_push(&image, recipe, &login, self.tell).await?;
        (self.tell)(Progress { happened: Happened::Made, what: format!("image {image}"), detail: String::new() });
        Ok(image)
    }

    /// Sees to the repository; returns its address.
    async fn repository(&mut self) -> Result<String> {
        let name = self.names.repository.clone();
        let purpose = "make the image repository";
        let (repository, happened) = match self.found_repository().await? {
            Some((repository, false)) => {
                self.tell_others(Thing::ImageRepository, &name);
                return repository.repository_uri.ok_or_else(|| lacking(purpose, "its address"));
            }
            Some((repository, true)) => (Some(repository), Happened::Already),
            None => {
                self.book.makes(Thing::ImageRepository, &name)?;
                let tag = Tag::builder().key(TAG).value(&self.place.prefix).build().map_err(incomplete(purpose))?;
                let call = self.account.services.ecr.create_repository().repository_name(&name).tags(tag);
                let repository =
                    match made(self.account.call("CreateRepository", purpose, || call.clone().send()).await)? {
                        Some(answer) => answer.repository,
                        None => self.found_repository().await?.map(|(repository, _)| repository),
                    };
                (repository, Happened::Made)
            }
        };
        let is_changed = self.keep_newest(&name).await?;
        let happened = if is_changed && happened == Happened::Already { Happened::Changed } else { happened };
        self.tell(happened, Thing::ImageRepository, &name, format!("the newest {KEPT} images stay"));
        repository.and_then(|repository| repository.repository_uri).ok_or_else(|| lacking(purpose, "its address"))
    }

    /// The repository, and whether it is ours.
    async fn found_repository(&self) -> Result<Option<(Repository, bool)>> {
        let ecr = &self.account.services.ecr;
        let call = ecr.describe_repositories().repository_names(&self.names.repository);
        let purpose = "look for the image repository";
        let answer = found(self.account.call("DescribeRepositories", purpose, || call.clone().send()).await)?;
        let repository = answer.and_then(|answer| answer.repositories.unwrap_or_default().into_iter().next());
        let Some(repository) = repository else { return Ok(None) };
        let call = ecr.list_tags_for_resource().set_resource_arn(repository.repository_arn.clone());
        let purpose = "read the image repository's tags";
        let answer = found(self.account.call("ListTagsForResource", purpose, || call.clone().send()).await)?;
        let tags = answer.and_then(|answer| answer.tags).unwrap_or_default();
        let tags: HashMap<String, String> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        Ok(Some((repository, self.is_tagged(Some(&tags)))))
    }

    /// Lets older images go; whether that was needed.
    async fn keep_newest(&self, name: &str) -> Result<bool> {
        let ecr = &self.account.services.ecr;
        let call = ecr.get_lifecycle_policy().repository_name(name);
        let purpose = "read which images stay";
        let answer = found(self.account.call("GetLifecyclePolicy", purpose, || call.clone().send()).await)?;
        let text = answer.and_then(|answer| answer.lifecycle_policy_text);
        let there: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
        if there == Some(lifecycle()) {
            return Ok(false);
        }
        let call = ecr.put_lifecycle_policy().repository_name(name).lifecycle_policy_text(lifecycle().to_string());
        self.account.call("PutLifecyclePolicy", "say which images stay", || call.clone().send()).await?;
        Ok(true)
    }

    /// What docker needs to push.
    async fn login(&self) -> Result<Login> {
        let purpose = "ask for a password for the image repository";
        let call = self.account.services.ecr.get_authorization_token();
        let answer = self.account.call("GetAuthorizationToken", purpose, || call.clone().send()).await?;
        let data = answer.authorization_data().first();
        let token = data.and_then(|data| data.authorization_token()).ok_or_else(|| lacking(purpose, "a token"))?;
        let registry = data.and_then(|data| data.proxy_endpoint()).ok_or_else(|| lacking(purpose, "the registry"))?;
        let plain = STANDARD.decode(token).ok().and_then(|plain| String::from_utf8(plain).ok());
        let (user, password) = plain
            .as_deref()
            .and_then(|plain| plain.split_once(':'))
            .ok_or_else(|| Error::new(ErrorKind::Transient, purpose, "the token cannot be read"))?;
        let registry = registry.trim_start_matches("https://").to_owned();
        Ok(Login { registry, user: user.to_owned(), password: password.to_owned() })
    }

    /// Removes the repository with its images.
    pub(super) async fn remove_repository(&self) -> Result<Gone> {
        match self.found_repository().await? {
            None => return Ok(Gone::Absent),
            Some((_, false)) => return Ok(Gone::Others),
            Some((_, true)) => {}
        }
        let call = self.account.services.ecr.delete_repository().repository_name(&self.names.repository).force(true);
        let purpose = "remove the image repository";
        found(self.account.call("DeleteRepository", purpose, || call.clone().send()).await)?;
        Ok(Gone::Removed("with its images".to_owned()))
    }
}
