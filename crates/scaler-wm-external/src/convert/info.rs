//! What a plug-in is and can do.

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use bytes::Bytes;
use scaler_wm_core::{Error, ErrorKind, Limit, ProviderInfo, Result, Tier};

#[cfg(feature = "server")]
use crate::v1::ProviderTier;
use crate::{PROTOCOL, v1::InfoResponse};

/// The operation in whose name a plug-in is refused.
const OPERATION: &str = "work with the plug-in";
/// How often to look, unless the plug-in says so.
const OBSERVE_EVERY: u64 = 10_000;
/// How long a unit may take to be ready, unless the plug-in says so.
const READY_WITHIN: u64 = 300_000;
/// How long cleaning up may take, unless the plug-in says so.
const SWEPT_WITHIN: u64 = 5_000;

/// What a plug-in has said of itself.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) info: ProviderInfo,
    /// What launches from each tier carry.
    pub(crate) specs: BTreeMap<Tier, Bytes>,
    /// What it is, for people.
    pub(crate) name: String,
    /// Where its units are, for people.
    pub(crate) place: String,
}

/// Reads what a plug-in says of itself.
///
/// # Errors
/// When it speaks another version, or cannot be worked with.
pub(crate) fn described(message: InfoResponse) -> Result<Described> {
    let refuse = |context: String| Err(Error::new(ErrorKind::Invalid, OPERATION, context));
    if message.protocol != PROTOCOL {
        return refuse(format!(
            "it speaks version {} of the protocol, and this program version {PROTOCOL}: take a plug-in and a scaler-wm that \
             go together",
            message.protocol
        ));
    }
    let usual = |given: u64, usual: u64| Duration::from_millis(if given == 0 { usual } else { given });
    let count = |given: u32| NonZeroU32::new(given).unwrap_or(NonZeroU32::MIN);
    let most_on_order = message.most_on_order.map_or(Some(NonZeroU32::MAX), NonZeroU32::new);
    let Some(most_on_order) = most_on_order else {
        return refuse("it says that no unit may be on order: leave most_on_order out for no limit".to_owned());
    };
    let mut tiers: Vec<Tier> = message.tiers.iter().map(|tier| Tier::from(tier.name.clone())).collect();
    let mut specs: BTreeMap<Tier, Bytes> =
        message.tiers.into_iter().map(|tier| (Tier::from(tier.name), tier.spec.into())).collect();
    if tiers.is_empty() {
        tiers.push(Tier::default());
        specs.insert(Tier::default(), Bytes::new());
    }
    if specs.len() != tiers.len() || tiers.iter().any(|tier| tier.as_str().is_empty()) {
        return refuse("each of its tiers needs a name of its own".to_owned());
    }
    let info = ProviderInfo {
        name: "external",
        workers_per_unit: count(message.workers_per_unit),
        concurrency_per_worker: count(message.concurrency_per_worker),
        largest_batch: count(message.largest_batch),
        most_on_order,
        most_units: message.most_units.map_or(Limit::Unlimited, Limit::AtMost),
        tiers,
        list_lag: Duration::from_millis(message.list_lag_ms),
        ready_within: usual(message.ready_within_ms, READY_WITHIN),
        observe_every: usual(message.observe_every_ms, OBSERVE_EVERY),
        idempotent: message.idempotent,
        repeatable_for: message.repeatable_for_ms.map_or(Duration::MAX, Duration::from_millis),
        lists_foreign_units: message.lists_foreign_units,
        finds_recorded_units: message.finds_recorded_units,
        relieves: message.relieves,
        ends_by_itself: message.ends_by_itself,
        swept_within: usual(message.swept_within_ms, SWEPT_WITHIN),
    };
    if info.ready_within <= info.list_lag {
        return refuse(
            "its units are to be ready (ready_within_ms) before they need be listed (list_lag_ms)".to_owned(),
        );
    }
    Ok(Described { info, specs, name: message.name, place: message.place })
}

/// The message that says the same.
#[cfg(feature = "server")]
pub(crate) fn info_of(info: &ProviderInfo, specs: &BTreeMap<Tier, Bytes>, place: String) -> InfoResponse {
    use super::millis;

    let tier = |tier: &Tier| ProviderTier {
        name: tier.as_str().to_owned(),
        spec: specs.get(tier).map(|spec| spec.to_vec()).unwrap_or_default(),
    };
    let most_units = match info.most_units {
        Limit::Unlimited => None,
        Limit::AtMost(units) => Some(units),
    };
    InfoResponse {
        protocol: PROTOCOL,
        name: info.name.to_owned(),
        place,
        tiers: info.tiers.iter().map(tier).collect(),
        workers_per_unit: info.workers_per_unit.get(),
        concurrency_per_worker: info.concurrency_per_worker.get(),
        largest_batch: info.largest_batch.get(),
        most_on_order: Some(info.most_on_order.get()).filter(|most| *most != u32::MAX),
        most_units,
        list_lag_ms: millis(info.list_lag),
        ready_within_ms: millis(info.ready_within),
        // 0 would mean that nothing was said.
        observe_every_ms: millis(info.observe_every).max(1),
        idempotent: info.idempotent,
        repeatable_for_ms: Some(millis(info.repeatable_for)).filter(|time| *time != u64::MAX),
        lists_foreign_units: info.lists_foreign_units,
        finds_recorded_units: info.finds_recorded_units,
        relieves: info.relieves,
        ends_by_itself: info.ends_by_itself,
        swept_within_ms: millis(info.swept_within).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::ProviderTier;

    #[test]
    fn what_a_plug_in_leaves_out_is_as_the_schema_says() {
        let described = described(InfoResponse { protocol: 1, ..InfoResponse::default() }).unwrap();
        let info = described.info;
        assert_eq!(
            (info.workers_per_unit.get(), info.concurrency_per_worker.get(), info.largest_batch.get()),
            (1, 1, 1)
        );
        assert_eq!((info.most_on_order.get(), info.most_units), (u32::MAX, Limit::Unlimited));
        assert_eq!(info.tiers, [Tier::default()]);
        assert_eq!(
            (info.observe_every.as_secs(), info.ready_within.as_secs(), info.swept_within.as_secs()),
            (10, 300, 5)
        );
        assert_eq!(info.repeatable_for, Duration::MAX);
        assert!(!info.idempotent);
    }

    #[test]
    fn what_cannot_be_worked_with_is_refused() {
        let tier = |name: &str| ProviderTier { name: name.to_owned(), spec: Vec::new() };
        let good = InfoResponse { protocol: 1, ..InfoResponse::default() };
        for (message, words) in [
            (InfoResponse { protocol: 2, ..good.clone() }, "version 2"),
            (InfoResponse { protocol: 0, ..good.clone() }, "version 0"),
            (InfoResponse { tiers: vec![tier("a"), tier("a")], ..good.clone() }, "name of its own"),
            (InfoResponse { tiers: vec![tier("")], ..good.clone() }, "name of its own"),
            (InfoResponse { most_on_order: Some(0), ..good.clone() }, "most_on_order"),
            (InfoResponse { list_lag_ms: 5, ready_within_ms: 5, ..good }, "list_lag_ms"),
        ] {
            let error = described(message).unwrap_err();
            assert!(error.to_string().contains(words) && error.kind() == ErrorKind::Invalid, "{error}");
        }
    }
}
