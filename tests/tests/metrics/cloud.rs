//! A manager of EC2, whose calls are counted, measured, and told by class where they fail.

use scaler_wm_tests::{
    ApiError, Ec2Options, Ec2Stack, Ec2StackOptions, Faults, ManagerKind, ManagerOptions, Result, StackOptions,
};

use crate::scraper::{Figures, Form, Scraper};

/// How much longer every call takes, in seconds.
const LATENCY: f64 = 0.06;

fn options() -> ManagerOptions {
    let extra = ["--instance-type", "t2.micro", "--observe-interval-seconds", "1"];
    ManagerOptions {
        kind: ManagerKind::Ours,
        cooldown: Some(0.0),
        heartbeat: Some(1.0),
        extra: extra.map(str::to_owned).into(),
        ..ManagerOptions::default()
    }
}

#[test]
fn calls_are_told_by_operation_with_latency_throttles_and_failures_by_class() -> Result<()> {
    let ec2 = Ec2Stack::start(Ec2StackOptions {
        stack: StackOptions { is_told: true, ..StackOptions::default() },
        emulator: Ec2Options::default(),
    })?;
    let scraper = Scraper::start()?;
    let _manager = ec2.connected_manager(&scraper.options(options()))?;
    let until = |what: &str, shows: &dyn Fn(&Figures) -> bool| {
        ec2.until(what, 40.0, || scraper.figures(Form::OpenMetrics).ok().flatten().filter(|figures| shows(figures)))
    };
    let of = |figures: &Figures, name: &str, operation: &str, class: Option<&str>| {
        let class = class.map(|class| ("class", class));
        let labels: Vec<_> = [Some(("operation", operation)), class].into_iter().flatten().collect();
        figures.sum(&format!("scaler_wm_api_{name}"), &labels)
    };
    let quiet = until("the first look", &|figures| of(figures, "calls_total", "DescribeInstances", None) >= Some(1.0))?;
    let throttles = of(&quiet, "throttles_total", "DescribeInstances", None);
    ec2.stack.check(throttles == Some(0.0), "no throttle so far", &quiet.page.text)?;

    // A launch is throttled twice, which the pacing repeats; then it lacks capacity, which the loop is told.
    let throttled =
        ApiError::new("RequestLimitExceeded", "Request limit exceeded.").on("RunInstances").status(503).times(2);
    let lacking = ApiError::new("InsufficientInstanceCapacity", "We currently do not have sufficient capacity.");
    let errors = vec![throttled, lacking.on("RunInstances").status(500).times(1)];
    ec2.cloud.proxy.set_faults(Faults { errors, latency: LATENCY, ..Faults::default() });
    ec2.stack.wish(1)?;
    let failed = until("a launch that failed", &|figures| {
        figures.count("scaler_wm_failures_total", &[("call", "launch"), ("class", "no_capacity")]) >= 1.0
    })?;
    let run = |name: &str, class: Option<&str>| of(&failed, name, "RunInstances", class);
    for (name, class, value) in [
        ("calls_total", None, 3.0),
        ("throttles_total", None, 2.0),
        ("failures_total", Some("throttled"), 2.0),
        ("failures_total", Some("no_capacity"), 1.0),
        ("call_seconds_count", None, 3.0),
    ] {
        ec2.stack.check(run(name, class) == Some(value), &format!("{name} {class:?} {value}"), &failed.page.text)?;
    }
    let seconds = run("call_seconds_sum", None);
    ec2.stack.check(seconds >= Some(3.0 * LATENCY), "the time that calls took", format!("{seconds:?}"))?;
    let slow = failed.count("scaler_wm_api_call_seconds_bucket", &[("operation", "RunInstances"), ("le", "0.05")]);
    ec2.stack.check(slow == 0.0, "no call quicker than the network", slow)?;
    let resting = failed.count("scaler_wm_tiers_resting", &[]);
    ec2.stack.check(resting == 1.0, "a tier that rests", resting)?;
    // What the proxy has seen is what was counted.
    let seen = ec2.cloud.proxy.calls_of("RunInstances").len();
    ec2.stack.check(seen == 3, "three calls at the proxy", seen)?;
    let place = failed.family("scaler_wm_manager").map(|family| family["samples"][0][1].clone()).unwrap_or_default();
    let is_there = place["place"].as_str().is_some_and(|place| place.contains("us-east-1"));
    ec2.stack.check(place["kind"] == "orb_aws_ec2" && is_there, "subnets and region", place)
}
