//! What can be wrong with a case, and both must refuse.

use fastrand::Rng;

use super::choice::{Chosen, never_empty, required};
use super::given::Given;
use super::values::{Nature, bad_address, bad_capabilities, bad_word, good, nature, no_number, out_of_range};
use crate::released::Described;

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    OutOfRange,
    NoNumber,
    EmptyText,
    Missing,
    BadWord,
    BadAddress,
    BadCapabilities,
    CertificateAlone,
    ImageAndPython,
    NeitherImageNorPython,
    FixedWithoutLimit,
    NoEntry,
    SeveralEntries,
    UnknownType,
    UntypedEntry,
    UnknownFlag,
    AmbiguousFlag,
    FlagWithoutValue,
    FlagWithValue,
    WordTooMany,
    NoToml,
    NothingToStart,
}

/// The mistakes of command lines, for a type of manager; those that only it can make stand there twice.
pub(crate) fn manager_mistakes(kind: &str) -> Vec<Mistake> {
    let mut all = vec![
        Mistake::OutOfRange,
        Mistake::NoNumber,
        Mistake::EmptyText,
        Mistake::Missing,
        Mistake::BadWord,
        Mistake::BadAddress,
        Mistake::BadCapabilities,
        Mistake::NoEntry,
        Mistake::SeveralEntries,
        Mistake::UnknownType,
        Mistake::UnknownFlag,
        Mistake::AmbiguousFlag,
        Mistake::FlagWithoutValue,
        Mistake::FlagWithValue,
        Mistake::WordTooMany,
        Mistake::NoToml,
    ];
    let of_its_own: &[Mistake] = match kind {
        "baremetal_native" => &[Mistake::CertificateAlone, Mistake::FixedWithoutLimit],
        "orb_aws_ec2" => &[Mistake::ImageAndPython, Mistake::NeitherImageNorPython],
        _ => &[],
    };
    all.extend([of_its_own, of_its_own].concat());
    all
}

/// The mistakes of whole files, each with the type of manager that the file then must have.
pub(crate) const FILE_MISTAKES: [(Mistake, Option<&str>); 15] = [
    (Mistake::OutOfRange, None),
    (Mistake::NoNumber, None),
    (Mistake::EmptyText, Some("aws_hpc")),
    (Mistake::EmptyText, Some("aws_raw_ecs")),
    (Mistake::Missing, None),
    (Mistake::BadWord, Some("baremetal_native")),
    (Mistake::BadAddress, None),
    (Mistake::BadCapabilities, Some("symphony")),
    (Mistake::CertificateAlone, Some("baremetal_native")),
    (Mistake::ImageAndPython, Some("orb_aws_ec2")),
    (Mistake::NeitherImageNorPython, Some("orb_aws_ec2")),
    (Mistake::UnknownType, Some("symphony")),
    (Mistake::UntypedEntry, Some("symphony")),
    (Mistake::NoToml, None),
    (Mistake::NothingToStart, None),
];

impl Mistake {
    /// Its name in counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OutOfRange => "number out of range",
            Self::NoNumber => "no number",
            Self::EmptyText => "empty text",
            Self::Missing => "missing key",
            Self::BadWord => "unknown word",
            Self::BadAddress => "no address",
            Self::BadCapabilities => "no capability list",
            Self::CertificateAlone => "certificate without key or key without certificate",
            Self::ImageAndPython => "image and Python",
            Self::NeitherImageNorPython => "neither image nor Python",
            Self::FixedWithoutLimit => "fixed mode without limit",
            Self::NoEntry => "no entry of the type",
            Self::SeveralEntries => "several entries of the type",
            Self::UnknownType => "unknown type",
            Self::UntypedEntry => "entry without a type",
            Self::UnknownFlag => "unknown flag",
            Self::AmbiguousFlag => "ambiguous flag",
            Self::FlagWithoutValue => "flag without a value",
            Self::FlagWithValue => "switch with a value",
            Self::WordTooMany => "a word too many",
            Self::NoToml => "no TOML",
            Self::NothingToStart => "nothing to start",
        }
    }

    /// Makes this mistake among the values, if it is one of values; the key that is wrong.
    pub(crate) fn make(
        self,
        kind: &str,
        options: &[Described],
        chosen: &mut Chosen,
        is_in_file: bool,
        rng: &mut Rng,
    ) -> Option<(String, Place)> {
        // Those of the scheduler may be any number.
        let is_free = |key: &str| self == Self::OutOfRange && kind == "scheduler" && key == "io_threads";
        // The package does not look at these words in a file.
        let is_unseen = |key: &str| self == Self::BadWord && matches!(key, "event_loop" | "logging_level");
        let mut any = |wrong: fn(Nature, &mut Rng) -> Option<Given>| {
            let mut options: Vec<&Described> = options
                .iter()
                .filter(|option| !(is_free(&option.key) || is_in_file && is_unseen(&option.key)))
                .collect();
            rng.shuffle(&mut options);
            let (key, given) =
                options.iter().find_map(|option| Some((option.key.clone(), wrong(nature(&option.key), rng)?)))?;
            set(chosen, &key, given);
            let place = if is_unseen(&key) { Place::Line } else { Place::Any };
            Some((key, place))
        };
        match self {
            Self::OutOfRange => any(out_of_range),
            Self::NoNumber => any(no_number),
            Self::BadWord => any(bad_word),
            Self::BadAddress => any(bad_address),
            Self::BadCapabilities => any(bad_capabilities),
            Self::EmptyText => {
                let key = rng.choice(never_empty(kind))?;
                let has_comma = nature(key) == Nature::List && rng.bool();
                set(chosen, key, Given::Word(if has_comma { "," } else { "" }.to_owned()));
                Some(((*key).to_owned(), Place::Any))
            }
            Self::Missing => {
                // The package wants a manager's id; ours makes one.
                let keys: Vec<&str> =
                    required(kind).iter().copied().filter(|key| *key != "worker_manager_id").collect();
                let key = *rng.choice(&keys)?;
                chosen.retain(|(other, _)| other != key);
                Some((key.to_owned(), Place::Any))
            }
            Self::CertificateAlone => {
                let (there, absent) = if rng.bool() { ("tls_cert", "tls_key") } else { ("tls_key", "tls_cert") };
                set(chosen, there, good(Nature::Text, rng));
                chosen.retain(|(key, _)| key != absent);
                Some((there.to_owned(), Place::Any))
            }
            Self::ImageAndPython => {
                set(chosen, "image_id", good(Nature::Text, rng));
                let key = if rng.bool() { "python_version" } else { "requirements_txt" };
                set(chosen, key, good(nature(key), rng));
                Some(("image_id".to_owned(), Place::Any))
            }
            Self::NeitherImageNorPython => {
                let (first, other) = ("python_version", "requirements_txt");
                chosen.retain(|(key, _)| ![first, other, "image_id"].contains(&&**key));
                if let Some(key) = rng.choice([None, Some(first), Some(other)]).flatten() {
                    set(chosen, key, good(nature(key), rng));
                }
                Some(("image_id".to_owned(), Place::Any))
            }
            Self::FixedWithoutLimit => {
                set(chosen, "mode", Given::Word("fixed".to_owned()));
                set(chosen, "max_task_concurrency", Given::Whole(-1));
                Some(("max_task_concurrency".to_owned(), Place::Any))
            }
            _ => None,
        }
    }
}

/// Where a wrong value shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Anywhere.
    Any,
    /// On the command line only.
    Line,
}

fn set(chosen: &mut Chosen, key: &str, given: Given) {
    chosen.retain(|(other, _)| other != key);
    chosen.push((key.to_owned(), given));
}
