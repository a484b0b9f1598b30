//! The rules: each looks for one kind of mistake.

mod abuse;
mod addresses;
mod cookies;
mod courier;
mod database;
mod hooks;
mod methods;
mod mfa;
mod pages;
mod relying_party;
mod secrets;
mod traits;
mod wildcards;

use super::{Case, Diagnosis};

/// Looks for one kind of mistake.
pub(super) type Rule = fn(&Case) -> Vec<Diagnosis>;

/// All rules that need nothing but the configuration, in the order in which their findings are told.
pub(super) const ALL: &[Rule] = &[
    database::options_that_lose_data,
    addresses::base_url_unset,
    addresses::base_url_inside,
    addresses::base_url_with_a_path_of_ours,
    addresses::scheme_unlike_the_pages,
    pages::some_unset,
    pages::inside,
    cookies::path_outside_the_prefix,
    cookies::domain,
    cookies::strict_with_providers,
    cookies::secure_over_http,
    cookies::insecure_over_https,
    cookies::pages_on_another_site,
    secrets::weak,
    courier::missing,
    courier::no_way_for_text_messages,
    courier::channel_unfinished,
    methods::no_trait_for_it,
    methods::no_address_for_the_code,
    methods::flow_without_its_address,
    methods::flow_uses_a_disabled_method,
    methods::totp_without_account_name,
    traits::no_method_uses_it,
    relying_party::wrong_host,
    relying_party::page_not_listed,
    hooks::of_what_is_off,
    hooks::need_verification,
    wildcards::any_origin_with_cookies,
    wildcards::unbounded,
    abuse::all_behind_one_address,
    abuse::anybody_is_believed,
    mfa::fits_those_without,
    mfa::about_an_unknown_schema,
    mfa::never_reached,
];
