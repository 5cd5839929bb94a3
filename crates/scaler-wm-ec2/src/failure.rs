//! What EC2 means by its errors.

use aws_sdk_ec2::types::CreateFleetError;
use scaler_wm_aws::{class_of, rest_where_alone};
use scaler_wm_core::{Error, ErrorKind};

use crate::launch::Lost;

/// The class of an error of a call that makes something that may be there already.
pub(crate) fn exists(code: &str, _: &str) -> Option<ErrorKind> {
    let is_there = code.ends_with(".Duplicate") || code.contains("AlreadyExists");
    is_there.then_some(ErrorKind::Failed)
}

/// The class of an error of a call that takes something away.
pub(crate) fn removing(code: &str, _: &str) -> Option<ErrorKind> {
    // Instances that have ended hold their group for a moment.
    matches!(code, "DependencyViolation" | "InvalidGroup.InUse").then_some(ErrorKind::Failed)
}

/// Nothing is better known than by the code alone.
pub(crate) fn plain(_: &str, _: &str) -> Option<ErrorKind> {
    None
}

/// The class of an error of a launch, where there are other tiers.
pub(crate) fn launching(code: &str, message: &str) -> Option<ErrorKind> {
    match code {
        // Each is of a type, a zone or a market: another tier may have what this one has not.
        "Unsupported" | "InstanceLimitExceeded" | "MaxSpotInstanceCountExceeded" | "VcpuLimitExceeded" => {
            Some(ErrorKind::NoCapacity)
        }
        _ => launching_alone(code, message),
    }
}

/// The class of an error of a launch, where there is no other tier.
pub(crate) fn launching_alone(code: &str, _: &str) -> Option<ErrorKind> {
    match code {
        // Another request, or one whose instances have come and gone.
        "IdempotentParameterMismatch" | "IdempotentInstanceTerminated" => Some(ErrorKind::Conflict),
        // What may be of our making.
        _ if Lost::by(code).is_some() => Some(ErrorKind::NotFound),
        // What the user names.
        _ if code.ends_with(".NotFound") => Some(ErrorKind::Invalid),
        _ => None,
    }
}

/// Why a launch brought fewer than it asked for, where the answer does not say.
pub(crate) fn fewer(came: usize, asked: u32, is_only_tier: bool) -> Error {
    let context = format!("{came} of {asked} instances came: there is no capacity for more now");
    rest_where_alone(Error::new(ErrorKind::NoCapacity, "start instances", context), is_only_tier)
}

/// Why a fleet brought fewer than it asked for; each class once.
pub(crate) fn of_fleet(errors: &[CreateFleetError], is_only_tier: bool) -> Vec<Error> {
    let mut told: Vec<Error> = Vec::new();
    for error in errors {
        let (code, message) = (error.error_code().unwrap_or_default(), error.error_message().unwrap_or_default());
        let refine = if is_only_tier { launching_alone } else { launching };
        let kind = refine(code, message).unwrap_or_else(|| class_of(code, message, 400));
        if told.iter().all(|error| error.kind() != kind) {
            let error = Error::new(kind, "start instances", format!("{code}: {message}"));
            told.push(rest_where_alone(error, is_only_tier));
        }
    }
    // One pool without capacity is the usual reason; what another pool says matters where every one says so. What is gone
    // every pool needs.
    if told.iter().any(|error| error.kind() == ErrorKind::NoCapacity) {
        told.retain(|error| matches!(error.kind(), ErrorKind::NoCapacity | ErrorKind::NotFound));
    }
    told
}

/// The instances that an error says are not there.
pub(crate) fn not_there(error: &Error) -> Vec<String> {
    let text = error.to_string();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    words.filter(|word| word.starts_with("i-")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_tier_may_have_is_told_from_what_none_has() {
        for (code, with_others, alone) in [
            ("Unsupported", Some(ErrorKind::NoCapacity), None),
            ("VcpuLimitExceeded", Some(ErrorKind::NoCapacity), None),
            ("InvalidAMIID.NotFound", Some(ErrorKind::Invalid), Some(ErrorKind::Invalid)),
            ("InvalidGroup.NotFound", Some(ErrorKind::NotFound), Some(ErrorKind::NotFound)),
            ("IdempotentParameterMismatch", Some(ErrorKind::Conflict), Some(ErrorKind::Conflict)),
            ("RequestLimitExceeded", None, None),
        ] {
            assert_eq!((launching(code, ""), launching_alone(code, "")), (with_others, alone), "{code}");
        }
    }

    #[test]
    fn a_fleet_tells_each_class_once_and_capacity_alone() {
        let error = |code: &str| CreateFleetError::builder().error_code(code).error_message("m").build();
        let kinds = |errors: &[CreateFleetError]| of_fleet(errors, false).iter().map(Error::kind).collect::<Vec<_>>();
        let full = error("InsufficientInstanceCapacity");
        assert_eq!(kinds(&[error("InvalidParameterValue"), full.clone(), full.clone()]), [ErrorKind::NoCapacity]);
        assert_eq!(kinds(&[full, error("InvalidGroup.NotFound")]), [ErrorKind::NoCapacity, ErrorKind::NotFound]);
        assert_eq!(kinds(&[error("InvalidParameterValue"), error("InvalidParameterValue")]), [ErrorKind::Invalid]);
    }

    #[test]
    fn an_error_names_the_instances_that_are_not_there() {
        let context = "InvalidInstanceID.NotFound: The instance IDs 'i-0a1, i-0b2' do not exist";
        let error = Error::new(ErrorKind::NotFound, "terminate instances", context);
        assert_eq!(not_there(&error), ["i-0a1", "i-0b2"]);
    }
}
