//! What the service says of things that nobody changes.

use crate::{
    form::{Form, escaped},
    state::{Answer, Instance},
};

/// Whether a description asks for a temporary thing of this name: by its name, or by its owner, whose name it begins with.
pub(crate) fn is_meant(form: &Form, name: &str) -> bool {
    match (form.get("Filter.1.Name"), form.get("LaunchTemplateName.1")) {
        ("", wanted) => name == wanted,
        ("tag:scaler-wm:owner", _) => name.starts_with(&form.get("Filter.1.Value.1").replace('/', "-")),
        _ => name == form.get("Filter.1.Value.1"),
    }
}

pub(crate) fn item(id: &str, instance: &Instance) -> String {
    let tag = |(key, value): (&String, &String)| {
        format!("<item><key>{}</key><value>{}</value></item>", escaped(key), escaped(value))
    };
    let tags: String = instance.tags.iter().map(tag).collect();
    let spot = if instance.is_spot {
        format!("<spotInstanceRequestId>{}</spotInstanceRequestId>", id.replace("i-", "sir-"))
    } else {
        String::new()
    };
    format!(
        "<item><instanceId>{id}</instanceId><instanceState><name>{}</name></instanceState><stateReason><code>{}</code>\
         </stateReason><instanceType>{}</instanceType>{spot}<tagSet>{tags}</tagSet></item>",
        instance.state, instance.reason, instance.kind
    )
}

pub(crate) fn types(form: &Form) -> Answer {
    let mut items = String::new();
    for kind in form.list("InstanceType") {
        let (cpus, architecture) = match kind.as_str() {
            "t2.micro" => (1, "x86_64"),
            "c5.large" | "c6i.large" => (2, "x86_64"),
            "c5.xlarge" => (4, "x86_64"),
            "c7g.large" => (2, "arm64"),
            _ => {
                return Err((
                    "InvalidInstanceType",
                    format!("The following supplied instance types do not exist: [{kind}]"),
                ));
            }
        };
        items.push_str(&format!(
            "<item><instanceType>{kind}</instanceType><vCpuInfo><defaultVCpus>{cpus}</defaultVCpus></vCpuInfo><processorInfo>\
             <supportedArchitectures><item>{architecture}</item></supportedArchitectures></processorInfo></item>"
        ));
    }
    Ok(format!("<instanceTypeSet>{items}</instanceTypeSet>"))
}

pub(crate) fn images(form: &Form) -> String {
    let given = form.list("ImageId");
    let image = |id: &str, made: &str| {
        format!(
            "<item><imageId>{id}</imageId><creationDate>{made}</creationDate><rootDeviceName>/dev/sda1</rootDeviceName></item>"
        )
    };
    let items = if given.is_empty() {
        assert!(form.get("Filter.1.Value.1").starts_with("al2023-ami-2023.*-kernel-*-"));
        let arm = if form.get("Filter.1.Value.1").ends_with("arm64") { "-arm" } else { "" };
        format!(
            "{}{}{}",
            image("ami-old", "2024-01-01T00:00:00.000Z"),
            image(&format!("ami-new{arm}"), "2026-01-01T00:00:00.000Z"),
            image("ami-older", "2023-01-01T00:00:00.000Z")
        )
    } else {
        given.iter().map(|id| image(id, "2025-01-01T00:00:00.000Z")).collect()
    };
    format!("<imagesSet>{items}</imagesSet>")
}
