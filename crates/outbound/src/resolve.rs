//! Names resolve to the addresses that are within reach, and to no others.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{Reach, allows};

pub(crate) struct Resolver {
    pub(crate) reach: Reach,
}

/// All addresses of a name are out of reach, or the one that a URL spells out.
#[derive(Debug, thiserror::Error)]
#[error("the address is not one that may be called")]
pub(crate) struct OutOfReach;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| allows(reach, address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(OutOfReach.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
