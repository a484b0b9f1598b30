//! What is stored for backup codes.

use bia_model::text::{self, Message};
use bia_model::{Credential, timestamp};
use rand::Rng;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use time::OffsetDateTime;

/// How many codes are made.
const CODES: usize = 12;
/// The characters of each.
const CODE_CHARS: usize = 8;
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// The config of a backup-code credential (identity.md §5).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LookupConfig {
    /// In the order in which they are shown.
    pub(super) recovery_codes: Vec<RecoveryCode>,
}

/// One code.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RecoveryCode {
    /// A secret, in clear as the reference keeps it.
    pub(super) code: String,
    /// When it was used; whole seconds.
    #[serde(with = "timestamp::option")]
    pub(super) used_at: Option<OffsetDateTime>,
}

/// How a code that was sent stands to those that are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is the unused one at this place.
    Unused(usize),
    /// It was used before.
    Used,
    /// It is none of them.
    Nothing,
}

impl LookupConfig {
    /// Reads a credential's config; one that cannot be read holds no codes.
    pub(super) fn of(credential: &Credential) -> LookupConfig {
        serde_json::from_value(credential.config.clone()).unwrap_or_default()
    }

    /// New random codes.
    pub(super) fn random() -> LookupConfig {
        let recovery_codes = (0..CODES)
            .map(|_| RecoveryCode {
                code: random_code(),
                used_at: None,
            })
            .collect();
        LookupConfig { recovery_codes }
    }

    /// Looks for a code, to the letter. Every stored one is compared, in constant time.
    pub(super) fn find(&self, sent: &str) -> Found {
        let mut found = Found::Nothing;
        for (at, stored) in self.recovery_codes.iter().enumerate() {
            let same: bool = stored.code.as_bytes().ct_eq(sent.as_bytes()).into();
            if same {
                found = if stored.used_at.is_some() {
                    Found::Used
                } else {
                    Found::Unused(at)
                };
            }
        }
        found
    }

    /// Marks the code at a place as used.
    pub(super) fn mark_used(&mut self, at: usize, now: OffsetDateTime) {
        if let Some(code) = self.recovery_codes.get_mut(at) {
            code.used_at = Some(now.replace_nanosecond(0).unwrap_or(now));
        }
    }

    /// How many can still be used.
    pub(super) fn unused(&self) -> usize {
        self.recovery_codes
            .iter()
            .filter(|code| code.used_at.is_none())
            .count()
    }

    /// As it is stored.
    pub(super) fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// As a text to read: used ones only say when they were used.
    pub(super) fn listed(&self) -> Message {
        let item = |code: &RecoveryCode| match code.used_at {
            Some(at) => text::settings_lookup_secret_used_item(at),
            None => text::settings_lookup_secret_item(&code.code),
        };
        let items: Vec<Message> = self.recovery_codes.iter().map(item).collect();
        text::settings_lookup_secret_list(&items)
    }
}

fn random_code() -> String {
    let mut rng = rand::rng();
    (0..CODE_CHARS)
        .filter_map(|_| ALPHABET.get(rng.random_range(0..ALPHABET.len())))
        .map(|byte| char::from(*byte))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_to_the_letter_and_used_once() {
        let mut config = LookupConfig::random();
        let code = config.recovery_codes[3].code.clone();
        assert_eq!(
            (config.recovery_codes.len(), code.len()),
            (CODES, CODE_CHARS)
        );
        assert_eq!(config.find(&code), Found::Unused(3));
        assert_eq!(
            config.find(&code.to_uppercase()),
            if code.bytes().all(|b| b.is_ascii_digit()) {
                Found::Unused(3)
            } else {
                Found::Nothing
            }
        );
        assert_eq!(config.find(""), Found::Nothing);
        config.mark_used(
            3,
            OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap(),
        );
        assert_eq!(config.find(&code), Found::Used);
        let stored = config.to_json();
        assert_eq!(
            stored["recovery_codes"][3]["used_at"],
            "2023-11-14T22:13:20Z"
        );
        assert!(stored["recovery_codes"][0]["used_at"].is_null());
    }

    #[test]
    fn a_code_with_the_zero_time_of_the_reference_was_not_used() {
        let config = serde_json::json!({"recovery_codes": [
            {"code": "aaaaaaaa", "used_at": "0001-01-01T00:00:00Z"},
            {"code": "bbbbbbbb", "used_at": "2025-01-01T00:00:00Z"},
        ]});
        let config: LookupConfig = serde_json::from_value(config).unwrap();
        assert_eq!(config.find("aaaaaaaa"), Found::Unused(0));
        assert_eq!(config.find("bbbbbbbb"), Found::Used);
        assert_eq!(config.unused(), 1);
        assert!(config.to_json()["recovery_codes"][0]["used_at"].is_null());
    }
}
