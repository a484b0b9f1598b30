//! Bia on a database that the reference made and filled (`tests/databases`): nobody notices.

mod copied;
mod place;
mod signed_in;
mod signing_in;
mod work;

use crate::databases::on_each_database;

use copied::{a_copy_serves_as_well, a_difference_is_the_exit_code};
use signed_in::{cookies_of_before_are_good, session_tokens_of_before_are_good};
use signing_in::{
    a_code_is_sent_to_who_had_one, a_passkey_signs_in, a_password_signs_in_but_nobody_inactive,
    a_second_factor_of_each_kind_is_taken, a_social_account_signs_in,
};
use work::{
    messages_and_addresses_are_as_they_were, only_tables_of_its_own_are_added,
    people_are_edited_and_sign_up,
};

on_each_database!(
    in crate::existing_database::place::Filled;
    only_tables_of_its_own_are_added,
    session_tokens_of_before_are_good,
    cookies_of_before_are_good,
    a_password_signs_in_but_nobody_inactive,
    a_second_factor_of_each_kind_is_taken,
    a_passkey_signs_in,
    a_social_account_signs_in,
    a_code_is_sent_to_who_had_one,
    messages_and_addresses_are_as_they_were,
    people_are_edited_and_sign_up,
    a_copy_serves_as_well,
    a_difference_is_the_exit_code,
);
