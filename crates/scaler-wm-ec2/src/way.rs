//! Which call starts instances, by options and template together: what an option says depends on a market that the
//! template may name.

use scaler_wm_core::options::{OptionError, Values};

use crate::{
    Ec2Config, FleetChoice, Market, ProviderApi, Template, Way,
    template::{ON_DEMAND_STRATEGIES, is_of_on_demand, is_of_spot},
};

/// The way of a template.
pub(crate) fn of_template(template: &Template) -> Way {
    if template.provider_api == ProviderApi::RunInstances {
        return Way::RunInstances;
    }
    let strategy = &template.allocation_strategy;
    let on_demand = &template.allocation_strategy_on_demand;
    Way::Fleet(FleetChoice {
        on_demand_strategy: on_demand.clone().or_else(|| strategy.clone().filter(|name| is_of_on_demand(name))),
        spot_strategy: strategy.clone(),
        percent_on_demand: template.percent_on_demand,
    })
}

/// What options say goes before the way of the template, which `config` has; the market is known by now.
pub(crate) fn with_options(config: &Ec2Config, values: &Values) -> Result<Way, OptionError> {
    let percent = percent(config, values)?;
    let strategy = values.maybe_text("allocation_strategy");
    if config.market == Market::OnDemand
        && let Some(name) = strategy.as_ref().filter(|name| !is_of_on_demand(name))
    {
        let problem = format!(
            "{name} is a strategy of Spot: on demand there are {}; give one of them, or --price-type spot",
            ON_DEMAND_STRATEGIES.join(" and ")
        );
        return Err(values.problem("allocation_strategy", problem));
    }
    let mut choice = match &config.way {
        Way::RunInstances if strategy.is_none() && percent.is_none() => return Ok(Way::RunInstances),
        Way::RunInstances => FleetChoice::default(),
        Way::Fleet(choice) => choice.clone(),
    };
    if strategy.is_some() {
        choice.on_demand_strategy = strategy.clone().filter(|name| is_of_on_demand(name)).or(choice.on_demand_strategy);
        choice.spot_strategy = strategy;
    }
    choice.percent_on_demand = percent.or(choice.percent_on_demand);
    if config.market != Market::OnDemand
        && let Some(name) = choice.spot_strategy.as_ref().filter(|name| !is_of_spot(name))
    {
        let problem = format!(
            "{name} is a strategy of on demand; Spot's own is called capacity-optimized-prioritized: give that by \
             --allocation-strategy"
        );
        let is_given = values.get("allocation_strategy").is_some();
        return Err(values.problem(if is_given { "allocation_strategy" } else { "orb_template" }, problem));
    }
    Ok(Way::Fleet(choice))
}

fn percent(config: &Ec2Config, values: &Values) -> Result<Option<u8>, OptionError> {
    let key = "percent_on_demand";
    let percent = values.maybe_integer(key).map(|_| values.fitting::<u8>(key)).transpose()?;
    if percent.is_some_and(|percent| percent > 100) {
        return Err(values.problem(key, "it is a share, from 0 to 100"));
    }
    if percent.is_some() && config.market != Market::Heterogeneous {
        return Err(values.problem(key, "it is for two markets: give --price-type heterogeneous as well"));
    }
    Ok(percent)
}
