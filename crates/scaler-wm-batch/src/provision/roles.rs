//! Roles of ours: that of jobs, and that of instances.

use aws_sdk_iam::types::{Role, Tag};
use scaler_wm_core::Result;
use serde_json::Value;

use super::{
    Happened, Site, Thing,
    account::{found, incomplete, lacking, made},
    cleanup::Gone,
    policies::{job_policy, trust},
    site::TAG,
};

/// The name of the policy inside the role of jobs.
const JOB_POLICY: &str = "scaler-tasks";

/// A role, and what became of it.
pub(super) struct Seen {
    pub(super) arn: String,
    pub(super) happened: Happened,
}

impl Site<'_> {
    /// Sees to the role of jobs; returns its ARN. Pulling images and writing logs is not theirs but the instance's.
    pub(super) async fn job_role(&mut self) -> Result<String> {
        let name = self.names.job_role.clone();
        let mut seen = self.role(Thing::JobRole, &name, "ecs-tasks.amazonaws.com", "Scaler: jobs of AWS Batch").await?;
        if seen.happened == Happened::Left {
            self.tell_others(Thing::JobRole, &name);
        } else {
            let policy = job_policy(&self.account.partition, &self.names);
            if self.inline_policy(&name, &policy).await? && seen.happened == Happened::Already {
                seen.happened = Happened::Changed;
            }
            self.tell(seen.happened, Thing::JobRole, &name, "reads tasks, writes results");
        }
        self.book.note(|state| state.iam_role_arn = Some(seen.arn.clone()))?;
        Ok(seen.arn)
    }

    /// Finds a role, or makes it.
    pub(super) async fn role(&mut self, thing: Thing, name: &str, service: &str, about: &str) -> Result<Seen> {
        if let Some(role) = self.found_role(name).await? {
            let happened = if self.bears_tag(role.tags()) { Happened::Already } else { Happened::Left };
            return Ok(Seen { arn: role.arn, happened });
        }
        self.book.makes(thing, name)?;
        let purpose = "make a role";
        let call = self.account.services.iam.create_role().role_name(name).description(about).tags(self.tag(purpose)?);
        let call = call.assume_role_policy_document(trust(service).to_string());
        let role = match made(self.account.call("CreateRole", purpose, || call.clone().send()).await)? {
            Some(answer) => answer.role,
            None => self.found_role(name).await?,
        };
        let role = role.ok_or_else(|| lacking(purpose, name))?;
        Ok(Seen { arn: role.arn, happened: Happened::Made })
    }

    pub(super) async fn found_role(&self, name: &str) -> Result<Option<Role>> {
        let call = self.account.services.iam.get_role().role_name(name);
        let answer = found(self.account.call("GetRole", "look for a role", || call.clone().send()).await)?;
        Ok(answer.and_then(|answer| answer.role))
    }

    /// Our tag.
    pub(super) fn tag(&self, purpose: &'static str) -> Result<Tag> {
        Tag::builder().key(TAG).value(&self.place.prefix).build().map_err(incomplete(purpose))
    }

    /// Whether our tag is among these.
    pub(super) fn bears_tag(&self, tags: &[Tag]) -> bool {
        self.is_ours(tags.iter().find(|tag| tag.key() == TAG).map(Tag::value))
    }

    /// Gives the role of jobs its policy; whether that was needed.
    async fn inline_policy(&self, name: &str, wanted: &Value) -> Result<bool> {
        let iam = &self.account.services.iam;
        let call = iam.get_role_policy().role_name(name).policy_name(JOB_POLICY);
        let purpose = "read what jobs may do";
        let answer = found(self.account.call("GetRolePolicy", purpose, || call.clone().send()).await)?;
        let there = answer.and_then(|answer| serde_json::from_str(&decoded(&answer.policy_document)).ok());
        if there.as_ref() == Some(wanted) {
            return Ok(false);
        }
        let call = iam.put_role_policy().role_name(name).policy_name(JOB_POLICY).policy_document(wanted.to_string());
        self.account.call("PutRolePolicy", "say what jobs may do", || call.clone().send()).await?;
        Ok(true)
    }

    /// Gives a role one of AWS's policies; whether that was needed.
    pub(super) async fn attached_policy(&self, name: &str, policy: &str) -> Result<bool> {
        let iam = &self.account.services.iam;
        let purpose = "read what instances may do";
        let call = iam.list_attached_role_policies().role_name(name);
        let answer = self.account.call("ListAttachedRolePolicies", purpose, || call.clone().send()).await?;
        if answer.attached_policies().iter().any(|attached| attached.policy_arn() == Some(policy)) {
            return Ok(false);
        }
        let call = iam.attach_role_policy().role_name(name).policy_arn(policy);
        self.account.call("AttachRolePolicy", "say what instances may do", || call.clone().send()).await?;
        Ok(true)
    }

    /// Removes a role with its policies.
    pub(super) async fn remove_role(&self, name: &str) -> Result<Gone> {
        match self.found_role(name).await? {
            None => return Ok(Gone::Absent),
            Some(role) if !self.bears_tag(role.tags()) => return Ok(Gone::Others),
            Some(_) => {}
        }
        let iam = &self.account.services.iam;
        let purpose = "remove a role's policies";
        let call = iam.list_role_policies().role_name(name);
        let inline = self.account.call("ListRolePolicies", purpose, || call.clone().send()).await?;
        for policy in inline.policy_names() {
            let call = iam.delete_role_policy().role_name(name).policy_name(policy);
            found(self.account.call("DeleteRolePolicy", purpose, || call.clone().send()).await)?;
        }
        let call = iam.list_attached_role_policies().role_name(name);
        let attached = self.account.call("ListAttachedRolePolicies", purpose, || call.clone().send()).await?;
        for policy in attached.attached_policies().iter().filter_map(|policy| policy.policy_arn()) {
            let call = iam.detach_role_policy().role_name(name).policy_arn(policy);
            found(self.account.call("DetachRolePolicy", purpose, || call.clone().send()).await)?;
        }
        let call = iam.delete_role().role_name(name);
        found(self.account.call("DeleteRole", "remove a role", || call.clone().send()).await)?;
        Ok(Gone::Removed(String::new()))
    }
}

/// A text in which IAM has put some letters as `%` and two digits.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(|code| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(code[0])? * 16 + digit(code[1])?).ok()
        });
        plain.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_iam_are_read() {
        assert_eq!(decoded("%7B%22a%22%3A%20%22%C3%BC%22%7D"), r#"{"a": "ü"}"#);
        assert_eq!(decoded(r#"{"a": 1}"#), r#"{"a": 1}"#);
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%4"), "%zz%4");
    }
}
