//! Policies of type `waterfall_v1` and `waterfall_v2`: one rule on each line.

use std::{collections::HashMap, num::IntErrorKind, sync::Arc};

use super::{
    Budget, PolicyError, Pricing,
    parts::{BY_CAPABILITY, Parts},
    scaling::{PricedRule, Rule, WaterfallV1, WaterfallV2},
};
use crate::{
    ManagerId,
    number::{digits, strip},
};

/// Where the released package ends a line.
const LINE_ENDS: [char; 10] =
    ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

const FORM: &str = "priority,worker_manager_id[,max_task_concurrency]";
const PRICED_FORM: &str = "priority,worker_manager_id[,[max_task_concurrency][,price_per_unit_hour]]";

/// Reads the rules. `#` begins a comment, blank lines are passed over.
pub(super) fn read(content: &str) -> Result<Parts, PolicyError> {
    let rules = lines(content, FORM, |rule: &Rule| &rule.manager, |text| rule(text).map(Some))?;
    let below_0 = |(line, rule): &(usize, Rule)| {
        let cap = rule.cap.filter(|cap| *cap < 0)?;
        Some(format!(
            "line {line}: a limit of {cap} is no \"no limit\": `{}` gets nothing, and those after it too much; leave it out",
            rule.manager
        ))
    };
    let notes = rules.iter().filter_map(below_0).collect();
    let rules = rules.into_iter().map(|(_, rule)| rule);
    let scaling = Arc::new(WaterfallV1::new(rules));
    Ok(Parts { scaling_name: "waterfall_v1", scaling, allocation: BY_CAPABILITY, notes, pricing: None })
}

/// Reads the rules of `waterfall_v2`, which may have a price, and its budgets.
pub(super) fn read_v2(content: &str) -> Result<Parts, PolicyError> {
    let mut budget = Budget::default();
    let rules = lines(
        content,
        PRICED_FORM,
        |rule: &PricedRule| &rule.manager,
        |text| {
            let (key, value) = text.split_once(',').unwrap_or((text, ""));
            let place = match strip(key) {
                "budget_per_hour" => &mut budget.per_hour,
                "budget_per_day" => &mut budget.per_day,
                _ => return priced_rule(text).map(Some),
            };
            if place.replace(amount(key, value)?).is_some() {
                return Err(format!("{} is given twice", strip(key)));
            }
            Ok(None)
        },
    )?;
    let rules: Vec<PricedRule> = rules.into_iter().map(|(_, rule)| rule).collect();
    let mut notes = Vec::new();
    if budget != Budget::default() && rules.iter().all(|rule| rule.price == 0.0) {
        notes.push("there is a budget, and no rule has a price: nothing is ever refused".to_owned());
    }
    notes.extend(rules.iter().filter(|rule| budget.never_pays_for(rule.price)).map(|rule| {
        format!("the budget never pays for an hour of a unit of `{}`: none is ever launched", rule.manager)
    }));
    let prices = rules.iter().map(|rule| (rule.manager.clone(), rule.price)).collect();
    let pricing = (budget != Budget::default()).then(|| Arc::new(Pricing { budget, prices }));
    let scaling = Arc::new(WaterfallV2::new(rules, budget));
    Ok(Parts { scaling_name: "waterfall_v2", scaling, allocation: BY_CAPABILITY, notes, pricing })
}

/// Reads each line by `read`, which gives nothing for one that is no rule; each rule with the number of its line.
fn lines<R>(
    content: &str,
    form: &'static str,
    manager: impl Fn(&R) -> &ManagerId,
    mut read: impl FnMut(&str) -> Result<Option<R>, String>,
) -> Result<Vec<(usize, R)>, PolicyError> {
    let mut rules: Vec<(usize, R)> = Vec::new();
    let mut known: HashMap<ManagerId, usize> = HashMap::new();
    for (line, text) in (1..).zip(content.replace("\r\n", "\n").split(LINE_ENDS)) {
        let text = strip(text.split('#').next().unwrap_or_default());
        if text.is_empty() {
            continue;
        }
        let wrong = |problem: String| PolicyError::Rule { line, problem, form };
        let Some(rule) = read(text).map_err(wrong)? else { continue };
        if let Some(earlier) = known.insert(manager(&rule).clone(), line) {
            return Err(wrong(format!("`{}` has a rule already, in line {earlier}", manager(&rule))));
        }
        rules.push((line, rule));
    }
    if rules.is_empty() { Err(PolicyError::NoRules) } else { Ok(rules) }
}

/// `priority,worker_manager_id[,max_task_concurrency[,price_per_unit_hour]]`, where the third one may be empty.
fn priced_rule(text: &str) -> Result<PricedRule, String> {
    let mut fields: Vec<&str> = text.split(',').map(strip).collect();
    let price = if fields.len() == 4 { fields.pop() } else { None };
    if price.is_some() && fields.last() == Some(&"") {
        fields.pop();
    }
    let Rule { priority, manager, cap } = rule(&fields.join(","))?;
    let cap = cap.map(u32::try_from).transpose().map_err(|_| "max_task_concurrency is at least 0".to_owned())?;
    let price = price.map_or(Ok(0.0), |price| amount("price_per_unit_hour", price))?;
    Ok(PricedRule { priority, manager, cap, price })
}

fn amount(name: &str, text: &str) -> Result<f64, String> {
    let amount = strip(text).parse().ok().filter(|amount| (0.0..1e15).contains(amount));
    amount.ok_or_else(|| format!("{} `{}` is no amount of at least 0", strip(name), strip(text)))
}

fn rule(text: &str) -> Result<Rule, String> {
    let fields: Vec<&str> = text.split(',').map(strip).collect();
    let (priority, manager, cap) = match *fields {
        [priority, manager] => (priority, manager, None),
        [priority, manager, cap] => (priority, manager, Some(cap)),
        _ => return Err(format!("`{text}` has {} of 2 or 3 fields", fields.len())),
    };
    if manager.is_empty() {
        return Err("worker_manager_id is empty".to_owned());
    }
    let number = |name: &str, text: &str| -> Result<i64, String> {
        let number = digits(text).unwrap_or_default().parse::<i64>();
        number.map_err(|error| match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => format!("{name} `{text}` is too large a number"),
            _ => format!("{name} `{text}` is no whole number"),
        })
    };
    Ok(Rule {
        priority: number("priority", priority)?,
        manager: ManagerId::from(manager),
        cap: cap.map(|cap| number("max_task_concurrency", cap)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use crate::policy::Policy;

    fn policy(content: &str) -> Result<Policy, String> {
        Policy::new("waterfall_v1", content).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_rules_among_comments_and_blank_lines() {
        let policy = policy("# first\r\n 1 , local\r\n\r\n-2,cloud,1_000 # second\n3,spare,+5").unwrap();
        assert_eq!((policy.scaling(), policy.allocation(), policy.notes().len()), ("waterfall_v1", "capability", 0));
        assert_eq!(super::read("1,a,-1").unwrap().notes.len(), 1);
    }

    #[test]
    fn says_what_is_wrong_and_in_which_line() {
        let form = "; a rule is written `priority,worker_manager_id[,max_task_concurrency]`";
        for (content, problem) in [
            ("1,a\n\nb", "line 3: `b` has 1 of 2 or 3 fields"),
            ("1,a,2,3", "line 1: `1,a,2,3` has 4 of 2 or 3 fields"),
            ("1,", "line 1: worker_manager_id is empty"),
            ("one,a", "line 1: priority `one` is no whole number"),
            ("1,a,", "line 1: max_task_concurrency `` is no whole number"),
            ("1,a,99999999999999999999", "line 1: max_task_concurrency `99999999999999999999` is too large a number"),
            ("1,a,2.5", "line 1: max_task_concurrency `2.5` is no whole number"),
            ("1,a\r\n2,b\r\n3,a", "line 3: `a` has a rule already, in line 1"),
        ] {
            assert_eq!(policy(content).unwrap_err(), format!("{problem}{form}"), "{content}");
        }
        assert!(policy(" # nothing\n").unwrap_err().starts_with("there is no rule"));
    }
}
