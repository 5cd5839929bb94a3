//! `orb_aws_ec2`: instances of AWS EC2, by the API of AWS or through a server of Open Resource Broker.

use scaler_wm_ec2::{
    Ec2Config, Ec2Inventory, Ec2Provider, OrbConfig, OrbInventory, OrbProvider, orb_preflight, preflight,
};

use super::{Backend, Order, Parts, provider};
use crate::exit::Failure;

pub(super) const BACKEND: Backend = Backend::Built(Parts {
    start: |Order { values, manager, .. }| {
        Box::pin(async move {
            if let Some(config) = OrbConfig::from_values(&values, &manager)? {
                return provider(OrbProvider::start(config).await);
            }
            provider(Ec2Provider::start(Ec2Config::from_values(&values, &manager)?).await)
        })
    },
    check: |values, manager| match OrbConfig::from_values(values, manager)? {
        Some(_) => Ok(()),
        None => Ec2Config::check_values(values, manager),
    },
    look: |values, manager, limit| {
        if let Some(config) = OrbConfig::from_values(values, manager)? {
            return Ok(Box::pin(orb_preflight(config)));
        }
        Ok(Box::pin(preflight(Ec2Config::from_values(values, manager)?, limit)))
    },
    inventory: |values, manager| {
        Box::pin(async move {
            if let Some(config) = OrbConfig::from_values(values, manager)? {
                return Ok(Box::new(OrbInventory::open(&config).map_err(Failure::setup)?) as _);
            }
            Ok(Box::new(Ec2Inventory::open(Ec2Config::from_values(values, manager)?).await) as _)
        })
    },
});
