//! Launches between the manager's names and the provider's.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroU32,
};

use bytes::Bytes;
use scaler_wm_core::{Clock, Error, ErrorKind, Launch, LaunchId, Provider, Result, Tier, Token};

/// Launches, as the provider knows them.
#[derive(Debug)]
pub(super) enum Orders {
    /// Their parameters follow from the tier alone, so they are the manager's, names and all.
    Alike(BTreeMap<Tier, Bytes>),
    /// Each was prepared when it first came, and has a name of the provider's.
    OneByOne(Prepared),
}

/// Launches that were prepared here.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    launches: HashMap<Token, Launch>,
    /// The manager's names, by the provider's.
    names: HashMap<LaunchId, LaunchId>,
}

impl Orders {
    /// Finds out which of both it is. Preparing calls nothing.
    pub(super) fn of(provider: &dyn Provider) -> Self {
        let info = provider.info();
        let now = Clock::system().now();
        let spec = |count: NonZeroU32, tier: &Tier| provider.prepare(count, tier, now).map(|launch| launch.spec).ok();
        let alike = |tier: &Tier| {
            let first = spec(NonZeroU32::MIN, tier)?;
            let others = [spec(NonZeroU32::MIN, tier), spec(info.largest_batch, tier)];
            others.iter().all(|other| other.as_ref() == Some(&first)).then(|| (tier.clone(), first))
        };
        match info.tiers.iter().map(alike).collect() {
            Some(specs) => Self::Alike(specs),
            None => Self::OneByOne(Prepared::default()),
        }
    }

    /// What launches from each tier carry.
    pub(super) fn specs(&self) -> BTreeMap<Tier, Bytes> {
        match self {
            Self::Alike(specs) => specs.clone(),
            Self::OneByOne(_) => BTreeMap::new(),
        }
    }

    /// The provider's launch for one of the manager's.
    ///
    /// # Errors
    /// When it cannot be prepared, or may have been made by an earlier process.
    pub(super) fn launch(&mut self, provider: &dyn Provider, asked: Launch, is_repeated: bool) -> Result<Launch> {
        let Self::OneByOne(prepared) = self else { return Ok(asked) };
        if let Some(launch) = prepared.launches.get(&asked.token) {
            return Ok(launch.clone());
        }
        if is_repeated {
            let context = "it may have been made before this plug-in was restarted: looks tell what came of it";
            return Err(Error::new(ErrorKind::Conflict, "repeat a launch", context));
        }
        let launch = provider.prepare(asked.count, &asked.tier, asked.at)?;
        prepared.names.insert(launch.id.clone(), asked.id);
        prepared.launches.insert(asked.token, launch.clone());
        Ok(launch)
    }

    /// The provider's launch for one whose outcome the manager does not know; `None` for one of an earlier process.
    pub(super) fn known(&self, asked: Launch) -> Option<Launch> {
        match self {
            Self::Alike(_) => Some(asked),
            Self::OneByOne(prepared) => prepared.launches.get(&asked.token).cloned(),
        }
    }

    /// The manager's name of a launch.
    pub(super) fn outside<'a>(&'a self, launch: &'a LaunchId) -> Option<&'a LaunchId> {
        match self {
            Self::Alike(_) => Some(launch),
            Self::OneByOne(prepared) => prepared.names.get(launch),
        }
    }
}
