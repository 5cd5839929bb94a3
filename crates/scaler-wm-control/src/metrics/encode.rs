//! From figures to text, by the library of the format's makers.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeGaugeValue, GaugeValueEncoder, MetricEncoder, NoLabelSet, prometheus_text, text,
    },
    metrics::MetricType,
    registry::{Registry, Unit},
};
use scaler_wm_core::{
    Clock,
    control::{Control, Histogram},
};

use super::{
    Build, Format,
    families::{FAMILIES, Family, Kind, Labels},
    reading::Reading,
};

/// What a process was built of; the one metric that is no manager's.
const BUILD: &str = "scaler_wm_build_info";

/// The figures of these managers as text, read now.
///
/// # Errors
/// None is known: text is written to memory.
pub fn exposition(managers: &[Control], build: &Build, format: Format) -> Result<String, fmt::Error> {
    let now = Clock::system().now();
    let readings = managers.iter().map(|control| Reading::of(control, now)).collect();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape { readings, build: build.clone() }));
    let mut text = String::new();
    match format {
        Format::Prometheus => prometheus_text::encode(&mut text, &registry)?,
        Format::OpenMetrics => text::encode(&mut text, &registry)?,
    }
    Ok(text)
}

/// The names of all metrics, as they are exported: a histogram has series with `_bucket`, `_sum` and `_count` behind it.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(BUILD).chain(FAMILIES.iter().map(|family| family.name))
}

/// Everything that one answer tells.
#[derive(Debug)]
struct Scrape {
    readings: Vec<Reading>,
    build: Build,
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (features, wire) = (self.build.features(), self.build.wire_versions());
        let build: [(&str, &str); 3] =
            [("version", self.build.version), ("features", &features), ("wire_versions", &wire)];
        let name = BUILD.trim_end_matches("_info");
        let help =
            "Version of scaler-wm, features that it was built with, versions of the scheduler's wire that it speaks.";
        encoder.encode_descriptor(name, help, None, MetricType::Info)?.encode_info(&build)?;
        FAMILIES.iter().try_for_each(|family| self.encode_family(family, &mut encoder))
    }
}

impl Scrape {
    fn encode_family(&self, family: &Family, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let of_all = || self.readings.iter();
        let mut family = FamilyEncoder { family, encoder };
        match family.family.figures {
            Kind::Gauge(read) => family
                .encode(MetricType::Gauge, of_all(), read, |mut encoder, value| encoder.encode_gauge(&Real(value))),
            Kind::Counter(read) => family.encode(MetricType::Counter, of_all(), read, |mut encoder, value| {
                encoder.encode_counter::<NoLabelSet, _, f64>(&value, None)
            }),
            Kind::Histogram(read) => family.encode(MetricType::Histogram, of_all(), read, |mut encoder, value| {
                encoder.encode_histogram::<NoLabelSet>(value.sum(), value.count(), &buckets(value), None)
            }),
            Kind::Info(read) => {
                let read = |reading| vec![(read(reading), ())];
                family.encode(MetricType::Info, of_all(), read, |mut encoder, ()| encoder.encode_info(&NO_LABELS))
            }
        }
    }
}

/// A set of labels that has none.
const NO_LABELS: [(&str, &str); 0] = [];

struct FamilyEncoder<'a, 'e> {
    family: &'a Family,
    encoder: &'a mut DescriptorEncoder<'e>,
}

impl FamilyEncoder<'_, '_> {
    /// Writes a metric of all managers; nothing where none of them has a figure for it.
    fn encode<'r, T>(
        &mut self,
        kind: MetricType,
        readings: impl Iterator<Item = &'r Reading>,
        read: impl Fn(&'r Reading) -> Vec<(Labels<'r>, T)>,
        write: impl Fn(MetricEncoder<'_>, T) -> fmt::Result,
    ) -> fmt::Result {
        let each = readings.flat_map(|reading| {
            let manager = ("manager", reading.manager.as_str());
            read(reading).into_iter().map(move |(labels, value)| ([vec![manager], labels].concat(), value))
        });
        let each: Vec<(Labels<'_>, T)> = each.collect();
        if each.is_empty() {
            return Ok(());
        }
        let (name, unit) = base(self.family.name);
        let mut metric = self.encoder.encode_descriptor(name, self.family.help, unit.as_ref(), kind)?;
        each.into_iter().try_for_each(|(labels, value)| write(metric.encode_family(&labels)?, value))
    }
}

/// A name without the ends that the library writes, and the unit that one of them is.
fn base(name: &'static str) -> (&'static str, Option<Unit>) {
    match name.strip_suffix("_seconds") {
        Some(name) => (name, Some(Unit::Seconds)),
        None => (name.trim_end_matches("_total").trim_end_matches("_info"), None),
    }
}

/// How many were in each bucket, and beyond the last.
fn buckets(histogram: &Histogram) -> Vec<(f64, u64)> {
    let mut buckets: Vec<(f64, u64)> = histogram.buckets().collect();
    let within: u64 = buckets.iter().map(|(_, count)| count).sum();
    buckets.push((f64::INFINITY, histogram.count() - within));
    buckets
}

/// A number that is written as a whole one where it is one.
struct Real(f64);

impl EncodeGaugeValue for Real {
    #[expect(clippy::cast_possible_truncation, reason = "it is within bounds, and has nothing behind the point")]
    fn encode(&self, encoder: &mut GaugeValueEncoder<'_>) -> fmt::Result {
        match self.0 {
            whole if whole.fract() == 0.0 && whole.abs() < 1e15 => (whole as i64).encode(encoder),
            real => real.encode(encoder),
        }
    }
}
