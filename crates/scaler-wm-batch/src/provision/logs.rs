//! The log group of jobs. All jobs of an account and region share it, whoever made it.

use aws_sdk_cloudwatchlogs::types::{LogGroup, OrderBy};
use scaler_wm_core::Result;

use super::{
    Happened, Site, Thing,
    account::{found, made},
    cleanup::Gone,
    site::TAG,
};

/// Where AWS Batch writes what jobs print.
pub(super) const GROUP: &str = "/aws/batch/job";
/// Days that lines are kept, as with the released provisioner.
const KEPT_DAYS: i32 = 30;

impl Site<'_> {
    /// Sees to the log group.
    pub(super) async fn log_group(&mut self) -> Result<()> {
        let happened = match self.found_group().await? {
            None => {
                self.book.makes(Thing::LogGroup, GROUP)?;
                let call = self.account.services.logs.create_log_group().log_group_name(GROUP);
                let call = call.tags(TAG, &self.place.prefix);
                made(self.account.call("CreateLogGroup", "make the log group", || call.clone().send()).await)?;
                self.keep_lines().await?;
                Happened::Made
            }
            Some((_, false)) => Happened::Left,
            Some((group, true)) if group.retention_in_days() == Some(KEPT_DAYS) => Happened::Already,
            Some((_, true)) => {
                self.keep_lines().await?;
                Happened::Changed
            }
        };
        match happened {
            Happened::Left => self.tell_others(Thing::LogGroup, GROUP),
            _ => self.tell(happened, Thing::LogGroup, GROUP, format!("lines are kept for {KEPT_DAYS} days")),
        }
        self.book.note(|state| state.log_group = Some(GROUP.to_owned()))
    }

    /// The group, and whether it is ours.
    async fn found_group(&self) -> Result<Option<(LogGroup, bool)>> {
        let logs = &self.account.services.logs;
        let call = logs.describe_log_groups().log_group_name_prefix(GROUP);
        let answer = self.account.call("DescribeLogGroups", "look for the log group", || call.clone().send()).await?;
        let group = answer.log_groups().iter().find(|group| group.log_group_name() == Some(GROUP)).cloned();
        let Some(group) = group else { return Ok(None) };
        // Tags are asked for by a name without the star that stands for streams.
        let arn = group.arn().map(|arn| arn.trim_end_matches(":*")).unwrap_or_default();
        let call = logs.list_tags_for_resource().resource_arn(arn);
        let answer =
            self.account.call("ListTagsForResource", "read the log group's tags", || call.clone().send()).await;
        let is_ours = self.is_tagged(found(answer)?.as_ref().and_then(|answer| answer.tags()));
        Ok(Some((group, is_ours)))
    }

    async fn keep_lines(&self) -> Result<()> {
        let call = self.account.services.logs.put_retention_policy().log_group_name(GROUP);
        let call = call.retention_in_days(KEPT_DAYS);
        let purpose = "say how long lines of logs are kept";
        self.account.call("PutRetentionPolicy", purpose, || call.clone().send()).await?;
        Ok(())
    }

    /// Removes the log group, if nobody else writes there.
    pub(super) async fn remove_log_group(&self) -> Result<Gone> {
        match self.found_group().await? {
            None => return Ok(Gone::Absent),
            Some((_, false)) => return Ok(Gone::Others),
            Some((_, true)) => {}
        }
        if let Some(stream) = self.foreign_stream().await? {
            return Ok(Gone::Kept(format!("others write there, too, such as {stream}")));
        }
        let call = self.account.services.logs.delete_log_group().log_group_name(GROUP);
        found(self.account.call("DeleteLogGroup", "remove the log group", || call.clone().send()).await)?;
        Ok(Gone::Removed(String::new()))
    }

    /// A log of jobs that are not ours: by name, the first one or the last one is, if any is.
    async fn foreign_stream(&self) -> Result<Option<String>> {
        let ours = format!("{}/", self.names.definition);
        for is_descending in [false, true] {
            let call = self.account.services.logs.describe_log_streams().log_group_name(GROUP);
            let call = call.order_by(OrderBy::LogStreamName).descending(is_descending).limit(1);
            let purpose = "look who writes to the log group";
            let answer = self.account.call("DescribeLogStreams", purpose, || call.clone().send()).await?;
            let name = answer.log_streams().first().and_then(|stream| stream.log_stream_name());
            if let Some(name) = name.filter(|name| !name.starts_with(&ours)) {
                return Ok(Some(name.to_owned()));
            }
        }
        Ok(None)
    }
}
