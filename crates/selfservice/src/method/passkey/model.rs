//! What passkeys are called that nobody gave a name: after the model that made them.

use uuid::Uuid;

/// Models (AAGUIDs) and their names, as their makers publish them; sorted.
const MODELS: &str = include_str!("models.tsv");

/// The name of a model; empty when it is not known.
pub(super) fn name(aaguid: &[u8; 16]) -> &'static str {
    let id = Uuid::from_bytes(*aaguid).to_string();
    let mut named = MODELS.lines().filter_map(|line| line.split_once('\t'));
    named
        .find(|(model, _)| *model == id)
        .map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_models_have_names_and_others_none() {
        let of = |id: &str| name(Uuid::parse_str(id).unwrap().as_bytes());
        assert_eq!(
            of("fbfc3007-154e-4ecc-8c0b-6e020557d7bd"),
            "iCloud Keychain"
        );
        assert_eq!(of("00000000-0000-0000-0000-000000000000"), "");
    }

    #[test]
    fn the_table_is_sorted_and_whole() {
        let ids: Vec<&str> = MODELS
            .lines()
            .map(|l| l.split_once('\t').unwrap().0)
            .collect();
        assert!(ids.is_sorted() && ids.len() > 100);
        assert!(ids.iter().all(|id| Uuid::parse_str(id).is_ok()));
    }
}
