//! What is to be made, and where.

use std::{fs, path::PathBuf};

use scaler_wm_core::options::{OptionError, Origin, Values};

use super::{Book, Recipe};

/// Keys of tasks and results begin so, as with the released provisioner.
pub(super) const S3_PREFIX: &str = "scaler-tasks";
/// Names of prefix, account and region together: a bucket's name has 63 letters at most, and 14 are not theirs.
const LONGEST: usize = 63 - 14;
/// Jobs share an instance whose memory is a multiple of this.
const MEMORY_STEP_MIB: i64 = 2_048;

/// Where it is made, and which files tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The region.
    pub region: String,
    /// What names begin with.
    pub prefix: String,
    /// Where the names that a manager needs are written for a shell.
    pub env_file: PathBuf,
}

impl Place {
    /// What these values say, and the state file where they do not.
    ///
    /// # Errors
    /// When they contradict the state file, or cannot be.
    pub fn from_values(values: &Values, book: &Book) -> Result<Self, OptionError> {
        let of = |key: &str, on_record: &str| {
            let given = values.text(key);
            if on_record.is_empty() || given == on_record {
                return Ok(given);
            }
            if *values.origin(key) == Origin::Default {
                return Ok(on_record.to_owned());
            }
            let problem = format!(
                "`{given}` is not what {} was written for, which is `{on_record}`: name another state file by --config, or \
                 leave this flag out",
                book.path().display()
            );
            Err(values.problem(key, problem))
        };
        let region = of("region", &book.state().aws_region)?;
        let prefix = of("prefix", &book.state().prefix)?;
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !prefix.bytes().all(is_allowed) || prefix.starts_with('-') || prefix.ends_with('-') {
            let problem = format!(
                "`{prefix}` cannot begin the name of a bucket: take lower-case letters, digits, and hyphens between them"
            );
            return Err(values.problem("prefix", problem));
        }
        if prefix.len() + region.len() > LONGEST {
            let most = LONGEST.saturating_sub(region.len());
            let problem = format!("`{prefix}` is too long: names have {most} letters left for it in {region}");
            return Err(values.problem("prefix", problem));
        }
        Ok(Self { region, prefix, env_file: PathBuf::from(values.text("env_file")) })
    }

    /// Whether the file for a shell can be written without anything else in it being lost.
    ///
    /// # Errors
    /// When there is something else in it.
    pub fn check_env_file(&self) -> Result<(), OptionError> {
        let text = fs::read_to_string(&self.env_file).unwrap_or_default();
        match text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("export SCALER_")) {
            None => Ok(()),
            // What it holds is not shown: it may be a secret.
            Some(_) => {
                let file = self.env_file.display();
                let problem =
                    format!("{file} holds other things, which would be lost: name a file that is not there yet");
                Err(OptionError::new("--env-file", problem))
            }
        }
    }
}

/// What is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The image of jobs; else one is built of the recipe.
    pub image: Option<String>,
    /// What an image is built of.
    pub recipe: Recipe,
    /// What jobs get.
    pub jobs: Jobs,
    /// Most vCPUs that run at once.
    pub max_vcpus: i32,
    /// Types or families of instances.
    pub instance_types: Vec<String>,
    /// The subnets of instances; none for those of the default VPC.
    pub subnets: Vec<String>,
    /// The security groups of instances; none for the default one of the subnets' VPC.
    pub security_groups: Vec<String>,
}

/// What a job gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// vCPUs.
    pub vcpus: i32,
    /// MiB.
    pub memory_mib: i32,
    /// Seconds after which AWS ends it.
    pub timeout_seconds: i32,
}

impl Wanted {
    /// What these values say.
    ///
    /// # Errors
    /// The first value that cannot be.
    pub fn from_values(values: &Values) -> Result<Self, OptionError> {
        let number = |key: &str, number: i64| {
            let problem = || values.problem(key, format!("{} is too large", values.integer(key)));
            i32::try_from(number).map_err(|_| problem())
        };
        let list = |key: &str| {
            let texts = values.maybe_texts(key).unwrap_or_default();
            let texts: Vec<String> = texts.iter().map(|text| text.trim().to_owned()).collect();
            texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>()
        };
        let instance_types = list("instance_types");
        if instance_types.is_empty() {
            return Err(values.problem("instance_types", "it names none; write it like c7i,m7i.large"));
        }
        Ok(Self {
            image: values.maybe_text("image"),
            recipe: Recipe::from_values(values)?,
            jobs: Jobs {
                vcpus: number("vcpus", values.integer("vcpus"))?,
                memory_mib: number("memory", memory_of_job(values.integer("memory")))?,
                timeout_seconds: number("job_timeout", values.integer("job_timeout").saturating_mul(60))?,
            },
            max_vcpus: number("max_vcpus", values.integer("max_vcpus"))?,
            instance_types,
            subnets: list("subnets"),
            security_groups: list("security_groups"),
        })
    }
}

/// What a job gets of so many MiB, as the released provisioner has it: 90 % of the nearest multiple of 2048, at least of
/// one. The rest of an instance's memory belongs to its system.
fn memory_of_job(asked: i64) -> i64 {
    let (whole, rest) = (asked / MEMORY_STEP_MIB, asked % MEMORY_STEP_MIB);
    // Halves go to the even neighbour, as Python rounds.
    let is_up = 2 * rest > MEMORY_STEP_MIB || (2 * rest == MEMORY_STEP_MIB && whole % 2 == 1);
    let steps = (whole + i64::from(is_up)).max(1);
    steps.saturating_mul(MEMORY_STEP_MIB * 9) / 10
}

/// The names of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) bucket: String,
    pub(super) job_role: String,
    pub(super) instance_role: String,
    pub(super) instance_profile: String,
    pub(super) environment: String,
    pub(super) queue: String,
    pub(super) definition: String,
    pub(super) repository: String,
}

impl Names {
    pub(super) fn new(place: &Place, account: &str) -> Self {
        let Place { region, prefix, .. } = place;
        Self {
            bucket: format!("{prefix}-{account}-{region}"),
            // Roles are the account's, whatever the region: two regions must not share one.
            job_role: format!("{prefix}-{region}-job-role"),
            instance_role: format!("{prefix}-{region}-instance-role"),
            instance_profile: format!("{prefix}-{region}-instance-profile"),
            environment: format!("{prefix}-compute"),
            queue: format!("{prefix}-queue"),
            definition: format!("{prefix}-job"),
            repository: format!("{prefix}-worker"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_rounded_as_the_released_provisioner_does() {
        for (asked, gets) in [
            (1, 1_843),
            (1_024, 1_843),
            (2_048, 1_843),
            (3_072, 3_686),
            (3_071, 1_843),
            (4_096, 3_686),
            (5_120, 3_686),
            (7_168, 7_372),
            (16_384, 14_745),
        ] {
            assert_eq!(memory_of_job(asked), gets, "{asked}");
        }
    }

    #[test]
    fn no_name_is_longer_than_aws_allows() {
        let region = "ap-southeast-1".to_owned();
        let prefix = "p".repeat(LONGEST - region.len());
        let names = Names::new(&Place { region, prefix, env_file: PathBuf::new() }, "123456789012");
        assert_eq!(names.bucket.len(), 63);
        assert!(names.job_role.len() <= 64 && names.instance_role.len() <= 64 && names.instance_profile.len() <= 128);
    }
}
