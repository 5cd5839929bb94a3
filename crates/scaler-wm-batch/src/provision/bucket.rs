//! The bucket for what tasks take and give.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint, CreateBucketConfiguration,
    Delete, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, ObjectIdentifier,
    PublicAccessBlockConfiguration, Tag, Tagging,
};
use scaler_wm_core::{Error, ErrorKind, Result};

use super::{
    Happened, Site, Thing,
    account::{found, incomplete, made},
    cleanup::Gone,
    settings::S3_PREFIX,
    site::TAG,
};

/// Days after which what nobody has removed goes by itself.
const EXPIRES_AFTER_DAYS: i32 = 1;
const RULE: &str = "scaler-wm-tasks";

impl Site<'_> {
    /// Sees to the bucket.
    pub(super) async fn bucket(&mut self) -> Result<()> {
        let name = self.names.bucket.clone();
        let is_new = match self.bucket_owner().await? {
            None => {
                self.book.makes(Thing::S3Bucket, &name)?;
                self.create_bucket(&name).await?;
                true
            }
            Some(true) => false,
            Some(false) => {
                self.tell_others(Thing::S3Bucket, &name);
                return Ok(());
            }
        };
        // Each part by itself: a process that was killed half way has left some of them out.
        let tagged = self.tag_bucket(&name).await?;
        let blocked = self.block_public_access(&name).await?;
        let cleaned = self.lifecycle(&name).await?;
        let happened = match (is_new, tagged || blocked || cleaned) {
            (true, _) => Happened::Made,
            (false, true) => Happened::Changed,
            (false, false) => Happened::Already,
        };
        self.tell(happened, Thing::S3Bucket, &name, "no public access, objects expire after a day");
        Ok(())
    }

    /// Whether the bucket is ours; nothing where there is none.
    async fn bucket_owner(&self) -> Result<Option<bool>> {
        let name = &self.names.bucket;
        let call = self.account.services.s3.head_bucket().bucket(name);
        match found(self.account.call("HeadBucket", "look for the bucket", || call.clone().send()).await) {
            Ok(None) => return Ok(None),
            Ok(Some(_)) => {}
            // S3 answers a question for a bucket of another account without a word.
            Err(error) => {
                let context = format!("{name}: it may belong to another account; another --prefix names another");
                return Err(Error::new(error.kind(), "look for the bucket", context).with_source(error));
            }
        }
        let tag = self.bucket_tag(name).await?;
        // Between its making and its tag a process may have been killed: then it is on record and has no tag at all.
        let is_half_made = tag.is_none() && self.book.has_made(Thing::S3Bucket, name);
        Ok(Some(is_half_made || self.is_ours(tag.as_deref())))
    }

    async fn bucket_tag(&self, name: &str) -> Result<Option<String>> {
        let call = self.account.services.s3.get_bucket_tagging().bucket(name);
        let answer = self.account.call("GetBucketTagging", "read the bucket's tags", || call.clone().send()).await;
        let tags = found(answer)?.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(tags.into_iter().find(|tag| tag.key == TAG).map(|tag| tag.value))
    }

    async fn create_bucket(&self, name: &str) -> Result<()> {
        let region = self.place.region.as_str();
        // The oldest region has no name here.
        let place = (region != "us-east-1").then(|| {
            let region = BucketLocationConstraint::from(region);
            CreateBucketConfiguration::builder().location_constraint(region).build()
        });
        let call = self.account.services.s3.create_bucket().bucket(name).set_create_bucket_configuration(place);
        made(self.account.call("CreateBucket", "make the bucket", || call.clone().send()).await)?;
        Ok(())
    }

    async fn tag_bucket(&self, name: &str) -> Result<bool> {
        if self.is_ours(self.bucket_tag(name).await?.as_deref()) {
            return Ok(false);
        }
        let purpose = "tag the bucket";
        let tag = Tag::builder().key(TAG).value(&self.place.prefix).build().map_err(incomplete(purpose))?;
        let tagging = Tagging::builder().tag_set(tag).build().map_err(incomplete(purpose))?;
        let call = self.account.services.s3.put_bucket_tagging().bucket(name).tagging(tagging);
        self.account.call("PutBucketTagging", purpose, || call.clone().send()).await?;
        Ok(true)
    }

    async fn block_public_access(&self, name: &str) -> Result<bool> {
        let wanted = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        let call = self.account.services.s3.get_public_access_block().bucket(name);
        let purpose = "read who may see the bucket";
        let answer = found(self.account.call("GetPublicAccessBlock", purpose, || call.clone().send()).await)?;
        if answer.is_some_and(|answer| answer.public_access_block_configuration.as_ref() == Some(&wanted)) {
            return Ok(false);
        }
        let call = self.account.services.s3.put_public_access_block().bucket(name);
        let call = call.public_access_block_configuration(wanted);
        self.account.call("PutPublicAccessBlock", "close the bucket to the public", || call.clone().send()).await?;
        Ok(true)
    }

    async fn lifecycle(&self, name: &str) -> Result<bool> {
        let call = self.account.services.s3.get_bucket_lifecycle_configuration().bucket(name);
        let purpose = "read when objects expire";
        let answer =
            found(self.account.call("GetBucketLifecycleConfiguration", purpose, || call.clone().send()).await)?;
        if answer.is_some_and(|answer| answer.rules().iter().any(is_as_wanted)) {
            return Ok(false);
        }
        let purpose = "let objects expire";
        let uploads = AbortIncompleteMultipartUpload::builder().days_after_initiation(EXPIRES_AFTER_DAYS).build();
        let rule = LifecycleRule::builder()
            .id(RULE)
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix(format!("{S3_PREFIX}/")).build())
            .expiration(LifecycleExpiration::builder().days(EXPIRES_AFTER_DAYS).build())
            .abort_incomplete_multipart_upload(uploads)
            .build()
            .map_err(incomplete(purpose))?;
        let rules = BucketLifecycleConfiguration::builder().rules(rule).build().map_err(incomplete(purpose))?;
        let call = self.account.services.s3.put_bucket_lifecycle_configuration().bucket(name);
        let call = call.lifecycle_configuration(rules);
        self.account.call("PutBucketLifecycleConfiguration", purpose, || call.clone().send()).await?;
        Ok(true)
    }

    /// Removes the bucket with all that is in it.
    pub(super) async fn remove_bucket(&self) -> Result<Gone> {
        let name = &self.names.bucket;
        match self.bucket_owner().await? {
            None => return Ok(Gone::Absent),
            Some(false) => return Ok(Gone::Others),
            Some(true) => {}
        }
        let count = self.empty_bucket(name).await?;
        let call = self.account.services.s3.delete_bucket().bucket(name);
        found(self.account.call("DeleteBucket", "remove the bucket", || call.clone().send()).await)?;
        Ok(Gone::Removed(match count {
            0 => String::new(),
            1 => "with 1 object".to_owned(),
            _ => format!("with {count} objects"),
        }))
    }

    async fn empty_bucket(&self, name: &str) -> Result<usize> {
        let s3 = &self.account.services.s3;
        let purpose = "empty the bucket";
        let mut count = 0;
        loop {
            // What is removed is not listed again: the first page is always the next one.
            let call = s3.list_objects_v2().bucket(name);
            let page = self.account.call("ListObjectsV2", purpose, || call.clone().send()).await?;
            let keys = page.contents().iter().filter_map(|object| object.key());
            let objects: Vec<ObjectIdentifier> = keys
                .map(|key| ObjectIdentifier::builder().key(key).build().map_err(incomplete(purpose)))
                .collect::<Result<_>>()?;
            if objects.is_empty() {
                return Ok(count);
            }
            count += objects.len();
            let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
            let call = s3.delete_objects().bucket(name).delete(delete.map_err(incomplete(purpose))?);
            let answer = self.account.call("DeleteObjects", purpose, || call.clone().send()).await?;
            if let Some(error) = answer.errors().first() {
                let [key, code, message] =
                    [error.key(), error.code(), error.message()].map(|text| text.unwrap_or_default().to_owned());
                let context = format!("{} objects stay, such as {key}: {code} {message}", answer.errors().len());
                return Err(Error::new(ErrorKind::Failed, purpose, context));
            }
            self.tell(Happened::Doing, Thing::S3Bucket, name, format!("{count} objects removed so far"));
        }
    }
}

fn is_as_wanted(rule: &LifecycleRule) -> bool {
    rule.id() == Some(RULE)
        && *rule.status() == ExpirationStatus::Enabled
        && rule.expiration().and_then(LifecycleExpiration::days) == Some(EXPIRES_AFTER_DAYS)
        && rule.abort_incomplete_multipart_upload().and_then(AbortIncompleteMultipartUpload::days_after_initiation)
            == Some(EXPIRES_AFTER_DAYS)
}
