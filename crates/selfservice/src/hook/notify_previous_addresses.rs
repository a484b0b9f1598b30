//! The hook `notify_previous_addresses`: whoever had an address of the account before learns of the change.

use bia_config::section::hook::Recipients;
use bia_courier::{Template, VerifiableAddressChanged};
use bia_model::{Identity, VerifiableAddress, timestamp};
use serde_json::Value;

use crate::cx::Cx;
use crate::identity;
use crate::method::post;

/// Queues the messages. A failure is only logged: the change is stored already.
pub(super) async fn run(cx: &Cx, recipients: Recipients, old: &Identity, new: &Identity) {
    for address in told(recipients, old, new) {
        let message = VerifiableAddressChanged {
            to: address.value.clone(),
            identity: identity::public_json(cx, new),
            changed_at: timestamp::text(cx.now),
            transient_payload: Value::Null,
        };
        let message = Template::verifiable_address_changed(address.via, message);
        let queued = async {
            let mut conn = cx.write().await?;
            post::enqueue(cx, &mut conn, message).await
        };
        if let Err(problem) = queued.await {
            tracing::warn!(identity.id = %new.id, %problem, "a previous address was not told of a change");
        }
    }
    cx.app.courier.notify_one();
}

/// The old addresses that learn of a change of addresses; a change of anything else is none.
fn told(recipients: Recipients, old: &Identity, new: &Identity) -> Vec<VerifiableAddress> {
    let has = |who: &Identity, a: &VerifiableAddress| {
        let mut all = who.verifiable_addresses.iter();
        all.any(|b| b.via == a.via && b.value == a.value)
    };
    let same = old.verifiable_addresses.len() == new.verifiable_addresses.len()
        && new.verifiable_addresses.iter().all(|a| has(old, a));
    let counts = |a: &&VerifiableAddress| match recipients {
        _ if same => false,
        Recipients::Removed => !has(new, a),
        Recipients::AllVerified => a.verified,
        Recipients::All => true,
    };
    old.verifiable_addresses
        .iter()
        .filter(counts)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use bia_model::Channel;
    use serde_json::json;
    use time::OffsetDateTime;

    use super::*;

    fn with(addresses: &[(&str, bool)]) -> Identity {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut identity = Identity::new("default", json!({}), now);
        for (value, verified) in addresses {
            let mut address = VerifiableAddress::new(Channel::Email, *value, now);
            address.verified = *verified;
            identity.verifiable_addresses.push(address);
        }
        identity
    }

    #[test]
    fn only_those_are_told_that_the_configuration_names() {
        let old = with(&[("a@example.org", true), ("b@example.org", false)]);
        let new = with(&[("b@example.org", false), ("c@example.org", false)]);
        for (recipients, expected) in [
            (Recipients::Removed, vec!["a@example.org"]),
            (Recipients::AllVerified, vec!["a@example.org"]),
            (Recipients::All, vec!["a@example.org", "b@example.org"]),
        ] {
            let found = told(recipients, &old, &new);
            let found: Vec<_> = found.iter().map(|a| a.value.as_str()).collect();
            assert_eq!(found, expected, "{recipients:?}");
            let verified = with(&[("a@example.org", true), ("b@example.org", true)]);
            assert!(
                told(recipients, &old, &verified).is_empty(),
                "no address changed"
            );
        }
    }
}
