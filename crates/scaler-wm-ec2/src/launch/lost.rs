//! Something that a launch names is gone. Whose it was decides what comes next: what is of our making is made again, what
//! the user names is the user's to mend.

use scaler_wm_core::{Error, ErrorKind};

use super::call::Call;
use crate::Ec2Config;

/// What is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    Groups,
    KeyPair,
    LaunchTemplate,
}

impl Lost {
    /// What an error code of a launch says is gone.
    pub(crate) fn by(code: &str) -> Option<Self> {
        match code {
            "InvalidGroup.NotFound" | "InvalidSecurityGroupID.NotFound" => Some(Self::Groups),
            "InvalidKeyPair.NotFound" => Some(Self::KeyPair),
            _ if code.starts_with("InvalidLaunchTemplate") && code.contains("NotFound") => Some(Self::LaunchTemplate),
            _ => None,
        }
    }

    /// What the error of a launch says is gone: its context begins with the code.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        error.to_string().split(": ").nth(1).and_then(Self::by)
    }

    /// The error for what only the user can mend; `None` where what is gone is of our making.
    pub(crate) fn advice(self, call: &Call, config: &Ec2Config, temporary_name: &str) -> Option<String> {
        match (self, call) {
            (Self::Groups, _) if config.security_groups.is_empty() => None,
            (Self::Groups, Call::RunInstances(call)) => Some(groups(&call.shape.security_groups)),
            (Self::Groups, Call::CreateFleet(_)) => Some(groups(&config.security_groups)),
            (Self::KeyPair, Call::RunInstances(call)) => match (&call.shape.key_name, &call.launch_template) {
                (Some(name), _) if name == temporary_name => None,
                (Some(name), _) => Some(key_pair(name)),
                (None, Some((template, _))) => Some(format!(
                    "the launch template {template} (launch_template_id) names a key pair that is not there: name one that is \
                     by --key-name (key_name), or mend the launch template"
                )),
                (None, None) => None,
            },
            (Self::KeyPair, Call::CreateFleet(_)) => config.key_name.as_deref().map(key_pair),
            (Self::LaunchTemplate, Call::RunInstances(call)) => call.launch_template.as_ref().map(|(id, version)| {
                let version = version.as_deref().map(|version| format!(" in version {version}")).unwrap_or_default();
                format!(
                    "there is no launch template {id}{version} in this region: mend launch_template_id and \
                     launch_template_version of the template (--orb-template), or leave them out"
                )
            }),
            (Self::LaunchTemplate, Call::CreateFleet(_)) => None,
        }
    }
}

fn groups(ids: &[String]) -> String {
    format!(
        "of the security groups {} one is not there: name groups of the subnet's VPC by --security-group-ids \
         (security_group_ids), or none, and a temporary one is made",
        ids.join(", ")
    )
}

fn key_pair(name: &str) -> String {
    format!(
        "there is no key pair {name} in this region: name one that is there by --key-name (key_name), or none, and a \
         temporary one is made"
    )
}

/// The same error for a launch that somebody has to mend first.
pub(crate) fn unmended(error: Error, advice: String) -> Error {
    Error::new(ErrorKind::Invalid, error.operation(), advice).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_tells_what_is_gone_and_words_do_not() {
        for (code, lost) in [
            ("InvalidGroup.NotFound", Some(Lost::Groups)),
            ("InvalidSecurityGroupID.NotFound", Some(Lost::Groups)),
            ("InvalidKeyPair.NotFound", Some(Lost::KeyPair)),
            ("InvalidLaunchTemplateId.NotFound", Some(Lost::LaunchTemplate)),
            ("InvalidLaunchTemplateId.VersionNotFound", Some(Lost::LaunchTemplate)),
            ("InvalidLaunchTemplateName.NotFoundException", Some(Lost::LaunchTemplate)),
            ("InvalidAMIID.NotFound", None),
        ] {
            let context = format!("{code}: The key pair 'InvalidGroup.NotFound: x' does not exist");
            assert_eq!(Lost::of(&Error::new(ErrorKind::NotFound, "start instances", context)), lost, "{code}");
        }
    }
}
