//! Whom and where an attempt is counted for.

use std::net::IpAddr;

use bia_config::section::abuse::{Guarded, Limit};
use bia_model::normalise;
use uuid::Uuid;

use crate::cx::Cx;

/// What is guessed at.
#[derive(Clone, Copy)]
pub(crate) struct Guess<'a> {
    /// By which method.
    pub guarded: Guarded,
    /// Whose secret it is.
    pub owner: Owner<'a>,
}

impl Guess<'_> {
    /// The identity, where it is known before the guess.
    pub(super) fn identity(&self) -> Option<Uuid> {
        match self.owner {
            Owner::Identity(id) => Some(id),
            Owner::Identifier(_) | Owner::Address(_) => None,
        }
    }
}

/// Whose secret is guessed at.
#[derive(Clone, Copy)]
pub(crate) enum Owner<'a> {
    /// Of whoever has this identifier, if anybody has it.
    Identifier(&'a str),
    /// Of this identity.
    Identity(Uuid),
    /// Of nobody here: it was, or would have been, sent to this address.
    Address(&'a str),
}

/// One thing that an attempt is counted for.
pub(super) struct Subject {
    /// Its kind, for logs and metrics.
    pub(super) name: &'static str,
    /// Of its counter.
    pub(super) id: Uuid,
    pub(super) limit: Limit,
}

impl Subject {
    /// Whether it is the owner of the secret, not a place.
    pub(super) fn is_own(&self) -> bool {
        !PLACES.contains(&self.name)
    }
}

const PLACES: [&str; 2] = ["address", "network"];

/// Everything that an attempt is counted for; nothing where nothing is bounded, or the place exempt.
pub(super) fn all(cx: &Cx, guess: &Guess<'_>) -> Vec<Subject> {
    let abuse = &cx.config().bia.abuse;
    let client = cx.request.origin.client;
    if client.is_some_and(|client| abuse.is_exempt(client)) {
        return Vec::new();
    }
    let own = abuse.limit(guess.guarded).map(|limit| Subject {
        name: name(guess.owner),
        id: id_of(cx, guess),
        limit,
    });
    let place = |guarded: Guarded| {
        Some(Subject {
            name: guarded.as_str(),
            id: id(cx, guarded, guarded.as_str(), &network(client?, guarded)),
            limit: abuse.limit(guarded)?,
        })
    };
    let places = [Guarded::Address, Guarded::Network];
    own.into_iter()
        .chain(places.into_iter().filter_map(place))
        .collect()
}

fn name(owner: Owner<'_>) -> &'static str {
    match owner {
        Owner::Identifier(_) => "identifier",
        Owner::Identity(_) => "identity",
        Owner::Address(_) => "recipient",
    }
}

/// The id of the counter of whose secret is guessed at.
pub(crate) fn id_of(cx: &Cx, guess: &Guess<'_>) -> Uuid {
    let kind = name(guess.owner);
    match guess.owner {
        Owner::Identifier(text) | Owner::Address(text) => {
            id(cx, guess.guarded, kind, &normalise::identifier(text))
        }
        Owner::Identity(identity) => id(cx, guess.guarded, kind, &identity.to_string()),
    }
}

fn id(cx: &Cx, guarded: Guarded, kind: &str, value: &str) -> Uuid {
    let network = cx.app.store.nid().to_string();
    let about = [network.as_str(), guarded.as_str(), kind, value];
    cx.runtime.keys.counter_id(&about)
}

/// An address as far as one household has it, or as far as one provider gives it to one customer.
fn network(client: IpAddr, guarded: Guarded) -> String {
    let whole = guarded == Guarded::Address;
    match client.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            match whole {
                true => format!("{a}.{b}.{c}.{d}"),
                false => format!("{a}.{b}.{c}"),
            }
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            match whole {
                true => format!("{a:x}:{b:x}:{c:x}:{d:x}"),
                false => format!("{a:x}:{b:x}:{c:x}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_is_one_address_however_many_numbers_they_have() {
        let of = |text: &str, guarded| network(text.parse().unwrap(), guarded);
        for (client, address, around) in [
            ("203.0.113.9", "203.0.113.9", "203.0.113"),
            ("::ffff:203.0.113.9", "203.0.113.9", "203.0.113"),
            ("2001:db8:7:1::5", "2001:db8:7:1", "2001:db8:7"),
            ("2001:db8:7:1:ffff::1", "2001:db8:7:1", "2001:db8:7"),
        ] {
            assert_eq!(of(client, Guarded::Address), address);
            assert_eq!(of(client, Guarded::Network), around);
        }
    }
}
