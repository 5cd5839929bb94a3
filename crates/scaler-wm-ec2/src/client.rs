//! The calls to EC2 that a manager makes again and again, at their pace.

use aws_sdk_ec2::{
    Client,
    operation::create_fleet::CreateFleetOutput,
    types::{Filter, Instance, SpotInstanceRequest, Tag},
};
use futures_util::future::{join_all, try_join_all};
use scaler_wm_aws::{Caller, OWNER, Pace, Request, Tries};
use scaler_wm_core::{ErrorKind, Launch, Result, StopAnswer, UnitId};

use crate::{
    Paces,
    failure::{launching, launching_alone, not_there, plain},
    launch::{CreateFleet, RunInstances},
};

/// Instances of one page of a description: some kilobytes each.
const PAGE: i32 = 200;
/// Values that one filter takes at most.
const FILTERED_AT_ONCE: usize = 200;
/// Resources that one call tags at most.
const TAGGED_AT_ONCE: usize = 500;

/// The calls to EC2 of one manager.
#[derive(Debug)]
pub(crate) struct Ec2Client {
    ec2: Client,
    caller: Caller,
    instances: Pace,
    run: Pace,
    stop: Pace,
    look: Pace,
    /// What tells the class of a failed launch.
    refine: fn(&str, &str) -> Option<ErrorKind>,
}

/// A filter by one name.
pub(crate) fn filter<T: Into<String>>(name: &str, values: impl IntoIterator<Item = T>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

/// Everything that was made for a manager.
pub(crate) fn of_owner(owner: &str) -> Filter {
    filter(&format!("tag:{OWNER}"), [owner])
}

impl Ec2Client {
    pub(crate) fn new(ec2: Client, caller: Caller, paces: &Paces, is_only_tier: bool) -> Self {
        let [instances, run, stop, look] = [paces.instances, paces.run, paces.stop, paces.look].map(Pace::new);
        let refine = if is_only_tier { launching_alone } else { launching };
        Self { ec2, caller, instances, run, stop, look, refine }
    }

    pub(crate) const fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(crate) const fn ec2(&self) -> &Client {
        &self.ec2
    }

    /// Starts the instances of a launch. The same launch again is the same request.
    pub(crate) async fn run(&self, launch: &Launch, parameters: &RunInstances) -> Result<Vec<Instance>> {
        let call = parameters.fill(&self.ec2, launch);
        let paces = self.paces_of(launch);
        let answer = self.caller.call(self.starting("RunInstances", &paces), || call.clone().send()).await?;
        Ok(answer.instances.unwrap_or_default())
    }

    /// Starts the instances of a launch as a fleet. The same launch again is the same request.
    pub(crate) async fn fleet(&self, launch: &Launch, parameters: &CreateFleet) -> Result<CreateFleetOutput> {
        let call = parameters.fill(&self.ec2, launch)?;
        let paces = self.paces_of(launch);
        self.caller.call(self.starting("CreateFleet", &paces), || call.clone().send()).await
    }

    fn paces_of(&self, launch: &Launch) -> [(&Pace, f64); 2] {
        [(&self.run, 1.0), (&self.instances, f64::from(launch.count.get()))]
    }

    const fn starting<'a>(&self, operation: &'static str, paces: &'a [(&'a Pace, f64)]) -> Request<'a> {
        Request { operation, purpose: "start instances", paces, tries: Tries::Throttled, refine: self.refine }
    }

    /// Every instance of an owner; those that have ended are among them for about an hour. `note` makes what is wanted of
    /// each page.
    pub(crate) async fn list<T>(&self, owner: &str, mut note: impl FnMut(Vec<Instance>) -> Vec<T>) -> Result<Vec<T>> {
        self.describe(of_owner(owner), &mut note).await
    }

    /// Those of these instances that EC2 knows.
    pub(crate) async fn ask<T>(&self, ids: &[String], mut note: impl FnMut(Vec<Instance>) -> Vec<T>) -> Result<Vec<T>> {
        let mut found = Vec::new();
        // By a filter: asked by their ids, one that is unknown would hide all others.
        for ids in ids.chunks(FILTERED_AT_ONCE) {
            found.extend(self.describe(filter("instance-id", ids), &mut note).await?);
        }
        Ok(found)
    }

    async fn describe<T>(&self, wanted: Filter, note: &mut impl FnMut(Vec<Instance>) -> Vec<T>) -> Result<Vec<T>> {
        let paces = [(&self.look, 1.0)];
        let request = looking("DescribeInstances", "describe instances", &paces);
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let call =
                self.ec2.describe_instances().filters(wanted.clone()).max_results(PAGE).set_next_token(next.take());
            let page = self.caller.call(request, || call.clone().send()).await?;
            let instances = page.reservations.unwrap_or_default().into_iter();
            found.extend(note(instances.flat_map(|reservation| reservation.instances.unwrap_or_default()).collect()));
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// What Spot says of these requests.
    pub(crate) async fn spot(&self, ids: &[String]) -> Result<Vec<SpotInstanceRequest>> {
        let paces = [(&self.look, 1.0)];
        let request = looking("DescribeSpotInstanceRequests", "ask about Spot instances", &paces);
        let calls = ids.chunks(FILTERED_AT_ONCE).map(|ids| async move {
            let call = self.ec2.describe_spot_instance_requests().filters(filter("spot-instance-request-id", ids));
            let answer = self.caller.call(request, || call.clone().send()).await?;
            Ok(answer.spot_instance_requests.unwrap_or_default())
        });
        Ok(try_join_all(calls).await?.into_iter().flatten().collect())
    }

    /// Puts a tag on instances, over what it said before.
    pub(crate) async fn tag(&self, ids: &[String], (key, value): &(String, String)) -> Result<()> {
        let paces = [(&self.look, 1.0)];
        let request = looking("CreateTags", "renew the lease of instances", &paces);
        for ids in ids.chunks(TAGGED_AT_ONCE) {
            let tag = Tag::builder().key(key).value(value).build();
            let call = self.ec2.create_tags().set_resources(Some(ids.to_vec())).tags(tag);
            self.caller.call(request, || call.clone().send()).await?;
        }
        Ok(())
    }

    /// Terminates instances, all by one call where that can be.
    pub(crate) async fn terminate(&self, units: &[UnitId]) -> Vec<(UnitId, Result<StopAnswer>)> {
        let error = match self.terminate_at_once(units).await {
            Ok(()) => return units.iter().map(|unit| (unit.clone(), Ok(StopAnswer::Accepted))).collect(),
            Err(error) => error,
        };
        if let [unit] = units {
            return vec![(unit.clone(), Err(error))];
        }
        match error.kind() {
            // The call is one for all: those that are not there keep the others.
            ErrorKind::NotFound => {
                let gone = not_there(&error);
                let (gone, there): (Vec<_>, Vec<_>) =
                    units.iter().cloned().partition(|unit| gone.iter().any(|gone| gone == unit.as_str()));
                if gone.is_empty() {
                    return self.terminate_each(units).await;
                }
                let mut answers = Box::pin(self.terminate(&there)).await;
                let none = || scaler_wm_core::Error::new(ErrorKind::NotFound, "terminate instances", "it is not there");
                answers.extend(gone.into_iter().map(|unit| (unit, Err(none()))));
                answers
            }
            // One that is protected, say.
            ErrorKind::Invalid | ErrorKind::Denied => self.terminate_each(units).await,
            kind => {
                let again = |unit: &UnitId| {
                    let context = "the call for this one and others failed";
                    (unit.clone(), Err(scaler_wm_core::Error::new(kind, "terminate instances", context)))
                };
                let mut answers: Vec<_> = units[1..].iter().map(again).collect();
                answers.push((units[0].clone(), Err(error)));
                answers
            }
        }
    }

    async fn terminate_each(&self, units: &[UnitId]) -> Vec<(UnitId, Result<StopAnswer>)> {
        let calls = units.iter().map(|unit| async move {
            let answer = self.terminate_at_once(std::slice::from_ref(unit)).await;
            (unit.clone(), answer.map(|()| StopAnswer::Accepted))
        });
        join_all(calls).await
    }

    async fn terminate_at_once(&self, units: &[UnitId]) -> Result<()> {
        if units.is_empty() {
            return Ok(());
        }
        let request = Request {
            operation: "TerminateInstances",
            purpose: "terminate instances",
            paces: &[(&self.stop, 1.0)],
            tries: Tries::Throttled,
            refine: plain,
        };
        let ids = units.iter().map(ToString::to_string).collect();
        let call = self.ec2.terminate_instances().set_instance_ids(Some(ids));
        self.caller.call(request, || call.clone().send()).await.map(drop)
    }
}

/// A call that changes nothing, or the same however often it is made.
const fn looking<'a>(operation: &'static str, purpose: &'static str, paces: &'a [(&'a Pace, f64)]) -> Request<'a> {
    Request { operation, purpose, paces, tries: Tries::Lost, refine: plain }
}
