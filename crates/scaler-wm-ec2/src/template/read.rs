//! From the text of a file to the one template that is meant.

use super::{Market, ProviderApi, Template, TemplateError, fields::Fields, json::Json, strategy};
use crate::limits::LARGEST_VOLUME;

type Read<T> = Result<T, TemplateError>;

const MOST_IOPS: i128 = 1_000_000;

impl Template {
    /// Reads the template `id` from the text of a file; without an `id`, the only one there.
    ///
    /// # Errors
    /// When the text is no such file, when it is not clear which template is meant, and when the template asks for
    /// something that is impossible or not supported.
    pub fn read(text: &str, id: Option<&str>) -> Read<Self> {
        let file: Json = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| TemplateError::file(format!("no JSON: {error}")))?;
        let (id, members) = choose(templates(&file)?, id)?;
        build(id, members)
    }
}

/// All templates of the file.
fn templates(file: &Json) -> Read<&[Json]> {
    let templates = match file {
        Json::List(list) => list,
        Json::Object(_) => match file.member("templates") {
            Some(Json::List(list)) => list,
            Some(other) => {
                return Err(TemplateError::file(format!("\"templates\" is {}; it must be a list", other.kind())));
            }
            None => return Ok(std::slice::from_ref(file)),
        },
        other => {
            let problem = format!("it is {}; write {{\"templates\": [...]}}", other.kind());
            return Err(TemplateError::file(problem));
        }
    };
    Ok(templates)
}

type Members = [(String, Json)];

fn choose<'a>(templates: &'a [Json], wanted: Option<&str>) -> Read<(&'a str, &'a Members)> {
    let mut found: Vec<(&str, &Members)> = Vec::new();
    for (index, template) in templates.iter().enumerate() {
        let place = || format!("template {} of {}", index + 1, templates.len());
        let Json::Object(members) = template else {
            return Err(TemplateError::file(format!("{} is {}; it must be an object", place(), template.kind())));
        };
        let id = match template.member("template_id").or_else(|| template.member("templateId")) {
            Some(Json::Text(id)) if !id.trim().is_empty() => id.trim(),
            _ => return Err(TemplateError::file(format!("{} has no \"template_id\"; give it one", place()))),
        };
        if found.iter().any(|(other, _)| *other == id) && wanted.is_none_or(|wanted| wanted == id) {
            return Err(TemplateError::template(
                id,
                "is there twice; remove one of them, or give it another template_id",
            ));
        }
        found.push((id, members));
    }
    let ids = || found.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
    match (wanted, found.as_slice()) {
        (_, []) => Err(TemplateError::file("there is no template in it")),
        (None, [only]) => Ok(*only),
        (None, _) => Err(TemplateError::file(format!(
            "there are several templates; say which is meant, by one of the ids {}",
            ids()
        ))),
        (Some(wanted), _) => found.iter().find(|(id, _)| *id == wanted).copied().ok_or_else(|| {
            TemplateError::file(format!("there is no template {wanted} in it; the ids there are {}", ids()))
        }),
    }
}

fn build(id: &str, members: &Members) -> Read<Template> {
    let mut fields = Fields::new(id, members);
    fields.take(&["template_id"]);
    check_kind(&mut fields)?;
    let market = market(&mut fields)?;
    let instance_types = instance_types(&mut fields)?;
    let subnets = fields.list(&["subnet_ids", "subnet_id"])?;
    let on_demand_types = fields.weights(&["machine_types_ondemand", "vm_types_on_demand"])?;
    let plain = instance_types.len() <= 1 && subnets.len() <= 1 && market != Market::Heterogeneous;
    let provider_api = provider_api(&mut fields, plain, market)?;
    let launch_template = fields.text(&["launch_template_id"])?;
    let version = fields.version(&["launch_template_version"])?;
    if let (None, Some(version)) = (&launch_template, &version) {
        let problem = format!("is {version}, of which launch template? Add launch_template_id, or remove it");
        return Err(fields.error("launch_template_version", problem));
    }
    let mut template = Template {
        id: id.to_owned(),
        name: fields.text(&["name"])?,
        provider_api,
        image: fields.text(&["machine_image", "image_id"])?,
        instance_types,
        on_demand_types,
        max_instances: fields.whole(&["max_machines", "max_instances", "max_number"], 1, u32::MAX.into())?,
        subnets,
        security_groups: fields.list(&["security_group_ids"])?,
        key_name: fields.text(&["machine_ssh_key", "key_name"])?,
        user_data: fields.verbatim(&["machine_bootstrap", "user_data", "user_data_script"])?,
        instance_profile: fields.text(&["machine_role", "instance_profile"])?,
        root_volume_gib: fields.whole(
            &["machine_disk_size_gb", "root_device_volume_size"],
            1,
            LARGEST_VOLUME.into(),
        )?,
        volume_type: fields.text(&["machine_disk_type", "volume_type"])?,
        iops: fields.whole(&["iops"], 1, MOST_IOPS)?,
        ebs_optimized: fields.flag(&["ebs_optimized"])?,
        monitoring: fields.flag(&["monitoring_enabled"])?,
        tags: fields.tags(&["tags", "instance_tags"])?,
        market,
        max_price: fields.price(&["max_price", "max_spot_price"])?,
        launch_template: launch_template.map(|id| (id, version)),
        allocation_strategy: allocation(&mut fields, market)?,
        allocation_strategy_on_demand: allocation_on_demand(&mut fields)?,
        percent_on_demand: fields.whole(&["percent_on_demand"], 0, 100)?,
        ignored: Vec::new(),
    };
    template.ignored = fields.rest();
    Ok(template)
}

/// Templates for other clouds are no use here; nor is a fleet that outlives the call, though it is not worth an end.
fn check_kind(fields: &mut Fields<'_>) -> Read<()> {
    if let Some((written, value)) = fields.take(&["provider_type"])
        && !matches!(value, Json::Text(text) if text.trim() == "aws")
    {
        return Err(fields.error(written, "is not aws; choose a template for EC2"));
    }
    if let Some((written, value)) = fields.take(&["fleet_type"])
        && !matches!(value, Json::Text(text) if text.trim().eq_ignore_ascii_case("instant"))
    {
        fields.ignore(written);
    }
    for name in ["provider_api_spec", "provider_api_spec_file", "launch_template_spec", "launch_template_spec_file"] {
        if let Some((written, _)) = fields.take(&[name]) {
            let problem = "not supported, since a request of AWS's own would replace all else; write ORB's fields instead, or \
                           name a launch_template_id";
            return Err(fields.error(written, problem));
        }
    }
    if let Some((written, _)) = fields.take(&["abis_instance_requirements"]) {
        return Err(fields.error(written, "not supported; name the types that will do in machine_types"));
    }
    Ok(())
}

fn market(fields: &mut Fields<'_>) -> Read<Market> {
    let Some((written, value)) = fields.take(&["price_type"]) else { return Ok(Market::OnDemand) };
    let name = match value {
        Json::Text(text) => text.trim().to_ascii_lowercase().replace(['-', '_'], ""),
        _ => String::new(),
    };
    match name.as_str() {
        "ondemand" => Ok(Market::OnDemand),
        "spot" => Ok(Market::Spot),
        "heterogeneous" => Ok(Market::Heterogeneous),
        "reserved" => Err(fields.error(
            written,
            "reserved is not supported; write ondemand: EC2 bills instances on demand to reservations that fit",
        )),
        _ => Err(fields.error(written, "write ondemand, spot or heterogeneous")),
    }
}

fn instance_types(fields: &mut Fields<'_>) -> Read<Vec<(String, u32)>> {
    let first = fields.text(&["machine_type", "instance_type", "vm_type"])?;
    let mut types = fields.weights(&["machine_types", "instance_types", "vm_types"])?;
    if let Some(first) = first {
        let weight = match types.iter().position(|(name, _)| *name == first) {
            Some(place) => types.remove(place).1,
            None => 1,
        };
        types.insert(0, (first, weight));
    }
    Ok(types)
}

fn provider_api(fields: &mut Fields<'_>, plain: bool, market: Market) -> Read<ProviderApi> {
    let Some((written, value)) = fields.take(&["provider_api"]) else {
        return Ok(if plain { ProviderApi::RunInstances } else { ProviderApi::Ec2Fleet });
    };
    let name = match value {
        Json::Text(text) => text.trim(),
        _ => "",
    };
    match name.to_ascii_lowercase().as_str() {
        "runinstances" if market == Market::Heterogeneous => Err(fields
            .error(written, "RunInstances cannot mix markets; write EC2Fleet, or a price_type of spot or ondemand")),
        "runinstances" => Ok(ProviderApi::RunInstances),
        "ec2fleet" => Ok(ProviderApi::Ec2Fleet),
        "spotfleet" | "asg" | "microvm" => {
            Err(fields.error(written, format!("{name} is not supported, use EC2Fleet or RunInstances")))
        }
        _ => Err(fields.error(written, "write EC2Fleet or RunInstances")),
    }
}

fn allocation(fields: &mut Fields<'_>, market: Market) -> Read<Option<String>> {
    let Some((written, value)) = fields.take(&["allocation_strategy"]) else { return Ok(None) };
    let Some(known) = strategy_of(value) else {
        return Err(fields.error(written, format!("no such strategy; write one of {}", strategy::known())));
    };
    if !strategy::is_of_spot(known) && market != Market::OnDemand {
        let problem = "prioritized is for instances on demand; write capacity-optimized-prioritized";
        return Err(fields.error(written, problem));
    }
    Ok(Some(known.to_owned()))
}

fn allocation_on_demand(fields: &mut Fields<'_>) -> Read<Option<String>> {
    let names = ["allocation_strategy_on_demand"];
    let Some((written, value)) = fields.take(&names) else { return Ok(None) };
    match strategy_of(value).filter(|known| strategy::is_of_on_demand(known)) {
        Some(known) => Ok(Some(known.to_owned())),
        None => Err(fields.error(written, format!("write one of {}", strategy::ON_DEMAND_STRATEGIES.join(", ")))),
    }
}

fn strategy_of(value: &Json) -> Option<&'static str> {
    match value {
        Json::Text(text) => strategy::in_fleet(text),
        _ => None,
    }
}
