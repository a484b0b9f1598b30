//! Keys that are too short, or not secret. That none is set at all is found by the check of the configuration.

use super::{Case, Diagnosis};

/// Fewer characters than this can be guessed when they are not random in every place.
const LEAST: usize = 32;

/// Fewer different characters than this are no random text.
const LEAST_DIFFERENT: usize = 6;

/// At most one finding for each list of keys.
pub(super) fn weak(case: &Case) -> Vec<Diagnosis> {
    let lists = [
        "secrets.default",
        "secrets.cookie",
        "secrets.cipher",
        "secrets.pagination",
    ];
    lists
        .into_iter()
        .filter_map(|key| weak_list(case, key))
        .collect()
}

fn weak_list(case: &Case, key: &str) -> Option<Diagnosis> {
    let secrets = case.written_list(key).iter().enumerate();
    let mut secrets = secrets.filter_map(|(index, secret)| Some((index, secret.as_str()?)));
    let (index, (rule, what, why)) =
        secrets.find_map(|(index, secret)| Some((index, fault(secret)?)))?;
    let name = key.trim_start_matches("secrets.");
    let snippet = format!("secrets:\n  {name}:\n    - the output of: openssl rand -hex 16");
    Some(
        case.found(rule, &format!("{key}[{index}]"), what)
            .why(why)
            .mend(
                "Give all replicas the same random text of 32 characters.",
                snippet,
            ),
    )
}

type Fault = (&'static str, String, &'static str);

fn fault(secret: &str) -> Option<Fault> {
    let lower = secret.to_lowercase();
    let template = ["${", "$(", "{{", "%("];
    if template.iter().any(|mark| secret.contains(mark))
        || (secret.starts_with('<') && secret.ends_with('>'))
    {
        let what = "The key is a placeholder that nothing has replaced.".to_owned();
        return Some((
            "secrets.placeholder",
            what,
            "Everybody who knows the template knows the key; and where each replica replaces it itself, replicas have different keys and do not accept each other's cookies.",
        ));
    }
    let examples = [
        "change-me",
        "changeme",
        "change_me",
        "change-this",
        "please-change",
        "replace-me",
        "insecure",
        "your-secret",
        "cookie_secret",
        "random-characters",
    ];
    let different: std::collections::HashSet<char> = secret.chars().collect();
    if examples.iter().any(|example| lower.contains(example)) || different.len() < LEAST_DIFFERENT {
        let what = "The key is an example, or anything but random.".to_owned();
        return Some((
            "secrets.example",
            what,
            "Whoever guesses it can make session cookies for everybody.",
        ));
    }
    let length = secret.chars().count();
    (length < LEAST).then(|| ("secrets.short", format!("The key has {length} characters."), "16 are accepted for the sake of old configurations; a text that people made up can be guessed at that length."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_text_of_32_characters_is_fine() {
        assert!(fault("9f86d081884c7d659a2feaa0c55ad015").is_none());
        let rule = |secret| fault(secret).map(|(rule, ..)| rule);
        assert_eq!(rule("9f86d081884c7d65"), Some("secrets.short"));
        assert_eq!(
            rule("PLEASE-CHANGE-ME-I-AM-VERY-INSECURE"),
            Some("secrets.example")
        );
        assert_eq!(
            rule("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            Some("secrets.example")
        );
        assert_eq!(
            rule("{{ randAlphaNum 32 }}-and-some-more"),
            Some("secrets.placeholder")
        );
        assert_eq!(
            rule("${COOKIE_SECRET_OF_THIS_SERVICE_01}"),
            Some("secrets.placeholder")
        );
    }
}
