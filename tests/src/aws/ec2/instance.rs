//! An instance of EC2, and what else is found there, as the emulator tells it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::emulation::Unit;

/// An instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its name for every call.
    pub id: String,
    /// `pending`, `running`, `shutting-down`, `terminated`, `stopping` or `stopped`.
    pub state: String,
    /// The code of why it is in this state; empty while nothing has happened to it.
    pub state_reason: String,
    /// Its type.
    pub instance_type: String,
    /// The image that it was launched with.
    pub image: String,
    /// Its region.
    pub region: String,
    /// Its availability zone.
    pub zone: String,
    /// Its subnet.
    pub subnet: String,
    /// Whether it is a Spot instance.
    pub is_spot: bool,
    /// The request of a Spot instance.
    pub spot_request: Option<String>,
    /// The code of that request's status.
    pub spot_status: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The token that it was launched with; the emulator's own if there was none.
    pub client_token: String,
    /// Its key pair.
    pub key_name: Option<String>,
    /// Its security groups, by id.
    pub security_groups: Vec<String>,
    /// The script that it was launched with.
    pub user_data: Option<String>,
}

impl Instance {
    pub(super) fn of(told: &Value) -> Self {
        let optional = |name: &str| told[name].as_str().map(str::to_owned);
        let text = |name: &str| optional(name).unwrap_or_default();
        let tags = told["tags"].as_object().into_iter().flatten();
        Self {
            id: text("id"),
            state: text("state"),
            state_reason: text("state_reason"),
            instance_type: text("instance_type"),
            image: text("image"),
            region: text("region"),
            zone: text("zone"),
            subnet: text("subnet"),
            is_spot: text("market") == "spot",
            spot_request: optional("spot_request"),
            spot_status: optional("spot_status"),
            tags: tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect(),
            client_token: text("client_token"),
            key_name: optional("key_name"),
            security_groups: strings(&told["security_groups"]),
            user_data: optional("user_data"),
        }
    }

    /// Whether it is to run, whatever it does now.
    pub fn is_live(&self) -> bool {
        ["pending", "running"].contains(&&*self.state)
    }

    /// Whether nothing is left of it.
    pub fn is_terminated(&self) -> bool {
        self.state == "terminated"
    }
}

impl Unit for Instance {
    fn id(&self) -> &str {
        &self.id
    }

    fn is_running(&self) -> bool {
        self.state == "running"
    }
}

/// What managers may leave beside instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Key pairs, by name.
    pub key_pairs: Vec<String>,
    /// Security groups, by name, without the default ones.
    pub security_groups: Vec<String>,
    /// Launch templates, by name.
    pub launch_templates: Vec<String>,
}

impl Resources {
    pub(super) fn of(told: &Value) -> Self {
        Self {
            key_pairs: strings(&told["key_pairs"]),
            security_groups: strings(&told["security_groups"]),
            launch_templates: strings(&told["launch_templates"]),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.key_pairs.len() + self.security_groups.len() + self.launch_templates.len()
    }
}

/// How many more instances come from certain pools, from now on; what is not said fits every pool. What ends gives nothing
/// back.
#[derive(Clone, Debug, Default)]
pub struct Shortage {
    /// How many more come: 0 for none.
    pub room: u32,
    /// The type.
    pub instance_type: Option<String>,
    /// The subnet, of launches that name one.
    pub subnet: Option<String>,
    /// The availability zone.
    pub zone: Option<String>,
    /// `spot` or `on-demand`.
    pub market: Option<String>,
}

impl Shortage {
    /// So many more of a type, in all zones and both markets.
    pub fn of(instance_type: &str, room: u32) -> Self {
        Self { room, instance_type: Some(instance_type.to_owned()), ..Self::default() }
    }

    pub(super) fn to_json(&self) -> Value {
        let Self { room, instance_type, subnet, zone, market } = self;
        json!({"room": room, "instance_type": instance_type, "subnet": subnet, "zone": zone, "market": market})
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
}
