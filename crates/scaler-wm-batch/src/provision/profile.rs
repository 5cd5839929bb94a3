//! The instance profile: in which role instances pull images and write logs.

use aws_sdk_iam::types::InstanceProfile;
use scaler_wm_core::Result;

use super::{
    Happened, Site, Thing,
    account::{found, lacking, made},
    cleanup::Gone,
};

/// What AWS's own agent on an instance needs: clusters of ECS, images of ECR, lines of logs.
const POLICY: &str = "iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role";

impl Site<'_> {
    /// Sees to the role of instances and to the profile around it; returns the latter's ARN, and whether either is new.
    pub(super) async fn instance_profile(&mut self) -> Result<(String, bool)> {
        let role = self.names.instance_role.clone();
        let about = "Scaler: EC2 instances of AWS Batch";
        let mut seen = self.role(Thing::InstanceRole, &role, "ec2.amazonaws.com", about).await?;
        if seen.happened == Happened::Left {
            self.tell_others(Thing::InstanceRole, &role);
        } else {
            let policy = format!("arn:{}:{POLICY}", self.account.partition);
            if self.attached_policy(&role, &policy).await? && seen.happened == Happened::Already {
                seen.happened = Happened::Changed;
            }
            self.tell(seen.happened, Thing::InstanceRole, &role, "pulls images, writes logs");
        }
        let (arn, happened) = self.profile(&role).await?;
        self.book.note(|state| state.instance_profile_arn = Some(arn.clone()))?;
        let is_new = [seen.happened, happened].iter().any(|it| matches!(it, Happened::Made | Happened::Changed));
        Ok((arn, is_new))
    }

    async fn profile(&mut self, role: &str) -> Result<(String, Happened)> {
        let name = self.names.instance_profile.clone();
        let purpose = "make the instance profile";
        let (profile, mut happened) = match self.found_profile(&name).await? {
            Some(profile) if !self.bears_tag(profile.tags()) => {
                self.tell_others(Thing::InstanceProfile, &name);
                return Ok((profile.arn, Happened::Left));
            }
            Some(profile) => (profile, Happened::Already),
            None => {
                self.book.makes(Thing::InstanceProfile, &name)?;
                let call = self.account.services.iam.create_instance_profile().instance_profile_name(&name);
                let call = call.tags(self.tag(purpose)?);
                let answer = self.account.call("CreateInstanceProfile", purpose, || call.clone().send()).await;
                let profile = match made(answer)? {
                    Some(answer) => answer.instance_profile,
                    None => self.found_profile(&name).await?,
                };
                (profile.ok_or_else(|| lacking(purpose, &name))?, Happened::Made)
            }
        };
        if !profile.roles().iter().any(|there| there.role_name() == role) {
            let iam = &self.account.services.iam;
            let call = iam.add_role_to_instance_profile().instance_profile_name(&name).role_name(role);
            let purpose = "give the instance profile its role";
            made(self.account.call("AddRoleToInstanceProfile", purpose, || call.clone().send()).await)?;
            if happened == Happened::Already {
                happened = Happened::Changed;
            }
        }
        self.tell(happened, Thing::InstanceProfile, &name, "");
        Ok((profile.arn, happened))
    }

    async fn found_profile(&self, name: &str) -> Result<Option<InstanceProfile>> {
        let call = self.account.services.iam.get_instance_profile().instance_profile_name(name);
        let purpose = "look for the instance profile";
        let answer = found(self.account.call("GetInstanceProfile", purpose, || call.clone().send()).await)?;
        Ok(answer.and_then(|answer| answer.instance_profile))
    }

    /// Removes the instance profile; the role in it is a thing of its own.
    pub(super) async fn remove_profile(&self) -> Result<Gone> {
        let name = &self.names.instance_profile;
        let profile = match self.found_profile(name).await? {
            None => return Ok(Gone::Absent),
            Some(profile) if !self.bears_tag(profile.tags()) => return Ok(Gone::Others),
            Some(profile) => profile,
        };
        let iam = &self.account.services.iam;
        for role in profile.roles() {
            let call = iam.remove_role_from_instance_profile().instance_profile_name(name).role_name(role.role_name());
            let purpose = "take the role out of the instance profile";
            found(self.account.call("RemoveRoleFromInstanceProfile", purpose, || call.clone().send()).await)?;
        }
        let call = iam.delete_instance_profile().instance_profile_name(name);
        let purpose = "remove the instance profile";
        found(self.account.call("DeleteInstanceProfile", purpose, || call.clone().send()).await)?;
        Ok(Gone::Removed(String::new()))
    }
}
