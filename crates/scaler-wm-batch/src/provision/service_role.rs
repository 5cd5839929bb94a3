//! The role in which AWS Batch itself works: every account that uses Batch has one, and all compute environments share it.

use std::time::Duration;

use aws_sdk_iam::types::{DeletionTaskStatusType, Role};
use scaler_wm_core::Result;

use super::{
    Happened, Site, Thing,
    account::{lacking, made},
    cleanup::Gone,
};

/// Whose role it is, and the name under which it is on record.
pub(super) const SERVICE: &str = "batch.amazonaws.com";
/// Roles of this path are AWS's own, and there is one at most.
const FOLDER: &str = "/aws-service-role/batch.amazonaws.com/";
/// How long AWS may take to find out that nothing needs the role.
const REMOVED_WITHIN: Duration = Duration::from_secs(120);

impl Site<'_> {
    /// Sees to the role of Batch; returns its ARN, and whether it is new.
    pub(super) async fn service_role(&mut self) -> Result<(String, bool)> {
        let purpose = "make the role of AWS Batch";
        let (role, happened) = match self.found_service_role().await? {
            Some(role) if self.book.has_made(Thing::ServiceRole, SERVICE) => (role, Happened::Already),
            Some(role) => (role, Happened::Left),
            None => {
                self.book.makes(Thing::ServiceRole, SERVICE)?;
                let call = self.account.services.iam.create_service_linked_role().aws_service_name(SERVICE);
                let answer = self.account.call("CreateServiceLinkedRole", purpose, || call.clone().send()).await;
                let role = match made(answer)? {
                    Some(answer) => answer.role,
                    None => self.found_service_role().await?,
                };
                (role.ok_or_else(|| lacking(purpose, "the role"))?, Happened::Made)
            }
        };
        let name = role.role_name();
        match happened {
            Happened::Left => self.tell_others(Thing::ServiceRole, name),
            _ => self.tell(happened, Thing::ServiceRole, name, "AWS Batch works in it"),
        }
        self.book.note(|state| state.service_role_arn = Some(role.arn().to_owned()))?;
        Ok((role.arn, happened == Happened::Made))
    }

    async fn found_service_role(&self) -> Result<Option<Role>> {
        let call = self.account.services.iam.list_roles().path_prefix(FOLDER);
        let purpose = "look for the role of AWS Batch";
        let answer = self.account.call("ListRoles", purpose, || call.clone().send()).await?;
        Ok(answer.roles.into_iter().next())
    }

    /// Removes the role if it came with us and nobody else has come to need it.
    pub(super) async fn remove_service_role(&self) -> Result<Gone> {
        let Some(role) = self.found_service_role().await? else { return Ok(Gone::Absent) };
        if !self.book.has_made(Thing::ServiceRole, SERVICE) {
            // Nearly every account has one: it is named only where it was used.
            let is_used = self.state().service_role_arn.is_some();
            return Ok(if is_used { Gone::Others } else { Gone::Absent });
        }
        let name = role.role_name();
        let iam = &self.account.services.iam;
        let purpose = "remove the role of AWS Batch";
        let call = iam.delete_service_linked_role().role_name(name);
        let task = self.account.call("DeleteServiceLinkedRole", purpose, || call.clone().send()).await?;
        let mut watch = self.watch(Thing::ServiceRole, name, REMOVED_WITHIN);
        loop {
            let call = iam.get_service_linked_role_deletion_status().deletion_task_id(task.deletion_task_id());
            let operation = "GetServiceLinkedRoleDeletionStatus";
            let answer = self.account.call(operation, purpose, || call.clone().send()).await?;
            match answer.status() {
                DeletionTaskStatusType::Succeeded => return Ok(Gone::Removed(String::new())),
                DeletionTaskStatusType::Failed => {
                    let reason = answer.reason().and_then(|reason| reason.reason()).unwrap_or("no reason given");
                    return Ok(Gone::Kept(format!("AWS says that something else needs it: {reason}")));
                }
                status => watch.again(status.as_str()).await?,
            }
        }
    }
}
