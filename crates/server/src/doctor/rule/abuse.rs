//! Limits on guessing that count the wrong thing.

use super::{Case, Diagnosis};

const PROXIES: &str = "bia.abuse.trusted_proxies";

/// Requests are counted by where they come from, and something before the server is where all of them come from.
pub(super) fn all_behind_one_address(case: &Case) -> Vec<Diagnosis> {
    let (config, abuse) = (case.config(), &case.config().bia.abuse);
    let proxied = case.base().scheme() == "https" && config.serve.public.tls.is_none();
    let knows_none = abuse.written_proxies().is_some_and(<[_]>::is_empty);
    if !(abuse.counts_origins() && proxied && knows_none) || case.is_local() {
        return Vec::new();
    }
    let what = "Wrong attempts are counted by where they come from, but the server believes no proxy, and is behind one: its address begins with https, which it does not speak itself.";
    vec![case.found("abuse.one_address", PROXIES, what)
        .why("All requests seem to come from the proxy, so that a few people who mistype lock everybody out.")
        .mend("List the proxy, or leave the key out where it has a private address.", "bia:\n  abuse:\n    trusted_proxies:\n      - 10.0.0.0/8")]
}

/// Whoever asks is believed to be a proxy.
pub(super) fn anybody_is_believed(case: &Case) -> Vec<Diagnosis> {
    let abuse = &case.config().bia.abuse;
    let mut written = abuse.written_proxies().unwrap_or_default().iter();
    if !written.any(|network| network.prefix_len() == 0) {
        return Vec::new();
    }
    let what = "Every machine in the world counts as a proxy whose headers are believed.";
    vec![case.found("abuse.anybody_is_a_proxy", PROXIES, what)
        .why("Whoever guesses at passwords writes another address into a header each time, and is not counted.")
        .mend("List your own proxies, and those of the service before them.", "bia:\n  abuse:\n    trusted_proxies:\n      - 10.0.0.0/8")]
}
