//! Social sign-in, and logins for OAuth2 servers. The stories are told in [`crate::social`] and [`crate::oauth2`].
//!
//! | report | where it is proven |
//! |---|---|
//! | B57 | `social::b57_linking_somebody_else_s_account_changes_nothing_on_either` |
//! | B58 | `social::b58_b60_who_has_an_account_is_offered_to_link_before_anything_is_asked_and_one_login_links` |
//! | B60 | the same |
//! | B61 | `social::b61_of_one_provider_one_account_can_be_linked` |
//! | B62 | `social::b62_missing_traits_are_typed_without_a_second_trip_and_only_once` |
//! | B64 | `method::oidc::link` in the crate of flows, `oidc_vendors/microsoft`, `…_me`, `…_oid` |
//! | B65 | `social::b65_a_stale_continuity_cookie_beside_the_good_one_does_no_harm` |
//! | B66 | `social::b66_tabs_do_not_disturb_each_other_and_a_lost_cookie_is_named`, `social::b66_rotated_secrets_keep_those_who_are_away` |
//! | B67 | `social::b67_without_registration_an_account_can_be_linked_and_none_is_made` |
//! | B68 | `social::b68_a_client_cannot_steer_which_account_is_used` |
//! | B69 | `oauth2::whoever_is_signed_in_never_gets_nothing_for_an_answer`, `oauth2/a_session_is_enough` |
