//! Instances in answers of EC2: which were launched, and which are seen.

use bytes::Bytes;
use hyper::Response;

use super::answers;
use super::asked::Asked;
use super::visible::{Lags, Times};
use super::xml::Element;

/// The names of the instances that an answer to a launch tells.
pub(super) fn launched(answer: &Response<Bytes>) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(mut root) = read(answer) {
        // RunInstances tells one in each item, CreateFleet all in a list.
        root.each("instancesSet", &mut |set| {
            found.extend(set.children.iter().map(|item| item.text_of("instanceId").to_owned()));
        });
        root.each("instanceIds", &mut |list| {
            found.extend(list.children.iter().map(|item| item.text().to_owned()));
        });
    }
    found
}

/// An answer as it is seen now; what it does is taken note of.
pub(super) fn seen(times: &Times, asked: &Asked, lags: Lags, answer: Response<Bytes>) -> Response<Bytes> {
    match asked.operation.as_str() {
        "RunInstances" | "CreateFleet" => {
            launched(&answer).iter().for_each(|instance| times.note_launch(instance));
            answer
        }
        "TerminateInstances" => {
            if answer.status().is_success() {
                asked.fields("InstanceId.").for_each(|instance| times.note_stop(instance));
            }
            answer
        }
        "DescribeInstances" | "DescribeInstanceStatus" => {
            let is_young = |instance: &str| times.is_young(lags, instance);
            if let Some(young) = asked.fields("InstanceId.").find(|instance| is_young(instance)) {
                let message = format!("The instance ID '{young}' does not exist");
                return answers::error(asked, 400, "InvalidInstanceID.NotFound", &message);
            }
            rewrite(answer, |root| {
                for list in ["instancesSet", "instanceStatusSet"] {
                    root.each(list, &mut |set| set.children.retain(|item| !is_young(item.text_of("instanceId"))));
                }
                root.each("reservationSet", &mut |set| {
                    set.children.retain(|item| item.child("instancesSet").is_none_or(|list| !list.children.is_empty()));
                });
                root.each("item", &mut |item| {
                    if times.is_ending(lags, item.text_of("instanceId")) {
                        item.each("instanceState", &mut hide_end);
                    }
                });
            })
        }
        _ => answer,
    }
}

fn hide_end(state: &mut Element) {
    if state.text_of("name") == "terminated" {
        state.set_text_of("name", "shutting-down");
        state.set_text_of("code", "32");
    }
}

fn read(answer: &Response<Bytes>) -> Option<Element> {
    if !answer.status().is_success() {
        return None;
    }
    Element::parse(std::str::from_utf8(answer.body()).ok()?)
}

fn rewrite(answer: Response<Bytes>, change: impl FnOnce(&mut Element)) -> Response<Bytes> {
    let Some(mut root) = read(&answer) else { return answer };
    change(&mut root);
    answer.map(|_| Bytes::from(root.write()))
}
