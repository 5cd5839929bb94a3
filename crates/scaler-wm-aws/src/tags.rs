//! Tags: which manager, launch and tier something belongs to.

use scaler_wm_core::{Error, ErrorKind, LaunchId, ManagerId, Result, Tier};

/// The tag that holds the manager's id.
pub const MANAGER: &str = "scaler-wm:manager";
/// The tag that holds [`crate::WorkerCommand::owner`], where a service has no field of its own for it.
pub const OWNER: &str = "scaler-wm:owner";
/// The tag that holds the launch's id.
pub const LAUNCH: &str = "scaler-wm:launch";
/// The tag that holds the tier's name.
pub const TIER: &str = "scaler-wm:tier";

/// What AWS allows a tag's value to be long.
const LONGEST_VALUE: usize = 256;
/// How long the readable part of a key is at most.
const LONGEST_KEY: usize = 64;

/// The tags of what one launch brings, in order; those of the user first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Vec<(String, String)>);

impl Tags {
    /// Those of `launch`, with what the user wants on everything.
    #[must_use]
    pub fn of(manager: &ManagerId, launch: &LaunchId, tier: &Tier, further: &[(String, String)]) -> Self {
        let mut tags = further.to_vec();
        tags.push((MANAGER.to_owned(), value_of(manager.as_str())));
        tags.push((LAUNCH.to_owned(), value_of(launch.as_str())));
        tags.push((TIER.to_owned(), value_of(tier.as_str())));
        Self(tags)
    }

    /// Name and value of each.
    #[must_use]
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// The launch and the tier that tags of something say.
    #[must_use]
    pub fn read<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> (Option<LaunchId>, Tier) {
        let (mut launch, mut tier) = (None, Tier::default());
        for (name, value) in tags {
            match name {
                LAUNCH => launch = Some(LaunchId::from(value)),
                TIER => tier = Tier::from(value),
                _ => {}
            }
        }
        (launch, tier)
    }
}

/// `text` with everything that AWS does not allow in the value of a tag replaced.
#[must_use]
pub fn value_of(text: &str) -> String {
    let is_allowed = |letter: char| letter.is_alphanumeric() || " +-=._:/@".contains(letter);
    text.chars().map(|letter| if is_allowed(letter) { letter } else { '_' }).take(LONGEST_VALUE).collect()
}

/// A name for a manager of which only letters, digits, `-` and `_` are part: its id where that is so already, else one
/// that is as readable as can be and tells ids apart all the same.
#[must_use]
pub fn key_of(manager: &ManagerId) -> String {
    let id = manager.as_str();
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if id.chars().all(is_allowed) && id.len() <= LONGEST_KEY {
        return id.to_owned();
    }
    let readable: String =
        id.chars().map(|letter| if is_allowed(letter) { letter } else { '_' }).take(LONGEST_KEY).collect();
    format!("{readable}-{:016x}", fnv1a(id.as_bytes()))
}

/// A short name for a text, the same in every version of this program.
#[must_use]
pub fn short_hash(text: &str) -> String {
    // Its halves folded, as is usual for this hash.
    let hash = fnv1a(text.as_bytes());
    format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
}

/// A random name of 32 hexadecimal digits.
///
/// # Errors
/// When the system gives no random bytes.
pub fn random_name() -> Result<String> {
    let mut bytes = [0_u8; 16];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).map_err(|error| {
        Error::new(ErrorKind::Failed, "make a name", "the system gives no random bytes").with_source(error)
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The 64-bit FNV-1a hash: the same in every version of this program, as what it names outlives one.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_id_or_tells_ids_apart() {
        assert_eq!(key_of(&ManagerId::from("fargate-1")), "fargate-1");
        let keys: Vec<String> = ["a b", "a_b ", "a|b", "a b "].map(|id| key_of(&ManagerId::from(id))).to_vec();
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{keys:?}");
        let long = key_of(&ManagerId::from("é".repeat(500)));
        assert!(long.len() <= 100 && long.is_ascii(), "{long}");
        // What was named by an earlier version is found by this one.
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn tags_are_read_as_they_were_written() {
        let (launch, tier) = (LaunchId::from("4f2a"), Tier::from("spot"));
        let further = [("team".to_owned(), "quant".to_owned())];
        let tags = Tags::of(&ManagerId::from("m|1"), &launch, &tier, &further).into_pairs();
        assert_eq!(tags[0], further[0]);
        assert_eq!(tags[1], (MANAGER.to_owned(), "m_1".to_owned()));
        let read = Tags::read(tags.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        assert_eq!(read, (Some(launch), tier));
    }
}
