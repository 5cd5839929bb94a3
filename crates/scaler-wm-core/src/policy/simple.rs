//! Policies of type `simple`: `allocate=even_load; scaling=vanilla`.

use super::{
    PolicyError,
    error::meant,
    keys::Keys,
    parts::{ALLOCATION, Names, Parts, SCALING},
};
use crate::number::strip;

const ALLOCATE_KEY: &str = "allocate";
const SCALING_KEY: &str = "scaling";

/// Reads the two keys, in any order and spacing. As with the released package, the last of several counts, and what has
/// no `=` is passed over; both make a note.
pub(super) fn read(content: &str) -> Result<Parts, PolicyError> {
    let (mut allocate, mut scaling) = (None, None);
    let mut notes = Vec::new();
    let mut others = Keys(Vec::new());
    for item in content.split(';') {
        let Some((key, value)) = item.split_once('=') else {
            if !strip(item).is_empty() {
                notes.push(format!("`{}` has no `=` and is passed over", strip(item)));
            }
            continue;
        };
        let (key, value) = (strip(key), strip(value));
        let place = match key {
            ALLOCATE_KEY => &mut allocate,
            SCALING_KEY => &mut scaling,
            other => {
                others.0.push((other, value));
                continue;
            }
        };
        if let Some(before) = place.replace(value) {
            notes.push(format!("`{key}` is given twice; {value} counts, {before} does not"));
        }
    }
    // What is there is looked at first: a wrong separator shows in it.
    let allocate = allocate.map(|name| find(ALLOCATE_KEY, name, ALLOCATION)).transpose()?;
    let scaling = scaling.map(|name| find(SCALING_KEY, name, SCALING)).transpose()?;
    if allocate.is_none() || scaling.is_none() {
        unknown_in(&others)?;
    }
    let missing = |key| {
        let hint = notes.first().map(|note| format!(" ({note})")).unwrap_or_default();
        PolicyError::Missing { key, hint }
    };
    let allocation = allocate.ok_or_else(|| missing(ALLOCATE_KEY))?;
    let (scaling_name, scaling) = scaling.ok_or_else(|| missing(SCALING_KEY))?;
    let scaling = scaling(&mut others)?;
    unknown_in(&others)?;
    Ok(Parts { scaling_name, scaling, allocation, notes, pricing: None })
}

/// Refuses a key that no policy has taken.
fn unknown_in(others: &Keys<'_>) -> Result<(), PolicyError> {
    match others.0.first() {
        None => Ok(()),
        Some((key, _)) => Err(PolicyError::Key {
            key: (*key).to_owned(),
            meant: meant(key, [ALLOCATE_KEY, SCALING_KEY, "target_seconds"]),
            known: "allocate and scaling, and target_seconds for target_wait",
        }),
    }
}

fn find<T: Copy>(key: &'static str, given: &str, names: Names<T>) -> Result<(&'static str, T), PolicyError> {
    let known = || names.iter().map(|(name, _)| *name);
    names.iter().find(|(name, _)| *name == given).copied().ok_or_else(|| PolicyError::Name {
        key,
        given: given.to_owned(),
        meant: meant(given, known()),
        known: known().collect::<Vec<_>>().join(", "),
        hint: if given.contains('=') || given.contains(['\n', ',']) { "; keys are separated by `;`" } else { "" },
    })
}

#[cfg(test)]
mod tests {
    use crate::policy::Policy;

    fn policy(content: &str) -> Result<Policy, String> {
        Policy::new("simple", content).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_two_keys_in_any_order_and_spacing() {
        let policy = policy(" scaling =capability;allocate= even_load ; ").unwrap();
        assert_eq!((policy.scaling(), policy.allocation()), ("capability", "even_load"));
        assert!(policy.notes().is_empty());
    }

    #[test]
    fn notes_what_is_probably_not_meant() {
        let policy = policy("allocate=x; allocate=capability; scaling=no; scaling: vanilla").unwrap();
        assert_eq!((policy.scaling(), policy.allocation()), ("no", "capability"));
        let wanted = [
            "`allocate` is given twice; capability counts, x does not",
            "`scaling: vanilla` has no `=` and is passed over",
        ];
        assert_eq!(policy.notes(), wanted);
    }

    #[test]
    fn says_what_is_wrong_and_what_is_allowed() {
        for (content, wanted) in [
            ("", "`allocate` is missing; a simple policy is written like `allocate=even_load; scaling=vanilla`"),
            (
                "allocate=even_load",
                "`scaling` is missing; a simple policy is written like `allocate=even_load; scaling=vanilla`",
            ),
            (
                "alocate=even_load; scaling=no",
                "`alocate` is no key of a simple policy (did you mean `allocate`?); it has allocate and scaling, and \
                 target_seconds for target_wait, like `allocate=even_load; scaling=vanilla`",
            ),
            (
                "allocate=even_load; scaling=vanila",
                "scaling=`vanila`: there is no such policy (did you mean `vanilla`?); there is no, vanilla, capability, target_wait",
            ),
            ("allocate=NO; scaling=no", "allocate=`NO`: there is no such policy; there is even_load, capability"),
            (
                "allocate=even_load; scaling=no=1",
                "scaling=`no=1`: there is no such policy (did you mean `no`?); there is no, vanilla, capability, target_wait; keys are \
                 separated by `;`",
            ),
            (
                "allocate=even_load; scaling: vanilla",
                "`scaling` is missing (`scaling: vanilla` has no `=` and is passed over); a simple policy is written like \
                 `allocate=even_load; scaling=vanilla`",
            ),
            (
                "allocate=even_load, scaling=no",
                "allocate=`even_load, scaling=no`: there is no such policy (did you mean `even_load`?); there is \
                 even_load, capability; keys are separated by `;`",
            ),
        ] {
            assert_eq!(policy(content).unwrap_err(), wanted, "{content}");
        }
        let error = Policy::new("waterfall", "").unwrap_err().to_string();
        let wanted = "`waterfall` is no policy engine type (did you mean `waterfall_v2`?); there is simple, waterfall_v1, waterfall_v2";
        assert_eq!(error, wanted);
    }
}
