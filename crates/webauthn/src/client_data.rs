//! Client data: what the browser says about a ceremony (section 5.8.1).

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use url::Url;

use crate::{Fault, Unreadable};

/// What an answer has to fit.
#[derive(Clone, Debug)]
pub struct Expected<'e> {
    /// The host name that keys belong to.
    pub rp_id: &'e str,
    /// The sites on which ceremonies may take place: origins such as `https://login.example.org`, or names of
    /// apps such as `android:apk-key-hash:…`.
    pub origins: &'e [String],
    /// The challenge of this ceremony.
    pub challenge: &'e [u8],
    /// Whether the key has to check who uses it.
    pub user_verification_required: bool,
}

/// The ceremonies by their names in client data.
pub(crate) const CREATE: &str = "webauthn.create";
pub(crate) const GET: &str = "webauthn.get";

/// Client data, read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: Option<bool>,
    #[serde(default, rename = "topOrigin")]
    top_origin: Option<String>,
}

impl ClientData {
    /// Steps 5 and 6 of section 7.1, 9 and 10 of section 7.2. "UTF-8 decode" drops a byte order mark.
    pub(crate) fn read(bytes: &[u8]) -> Result<ClientData, Unreadable> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        serde_json::from_slice(text).map_err(|_| Unreadable("its client data cannot be read"))
    }

    /// Steps 7 to 11 of section 7.1, 11 to 15 of section 7.2.
    pub(crate) fn check(&self, ceremony: &str, expected: &Expected<'_>) -> Result<(), Fault> {
        if self.r#type != ceremony {
            return Err(Fault::Type);
        }
        let challenge = URL_SAFE_NO_PAD.encode(expected.challenge);
        if !bool::from(self.challenge.as_bytes().ct_eq(challenge.as_bytes())) {
            return Err(Fault::Challenge);
        }
        let allowed = |origin: &str| expected.origins.iter().any(|o| same(o, origin));
        if !allowed(&self.origin) {
            return Err(Fault::Origin);
        }
        // Older browsers tell that it was in a frame, but not of whom.
        let framed = self.cross_origin == Some(true) || self.top_origin.is_some();
        match &self.top_origin {
            Some(top) if framed && !allowed(top) => Err(Fault::CrossOrigin),
            _ => Ok(()),
        }
    }
}

/// Whether two texts name the same origin: scheme, host and port of web sites, else the texts.
fn same(configured: &str, sent: &str) -> bool {
    match (web_origin(configured), web_origin(sent)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => configured == sent,
        _ => false,
    }
}

fn web_origin(text: &str) -> Option<url::Origin> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin())
}

/// Step 12 of section 7.1, 21 of section 7.2, and the digests of names.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let digest = digest::digest(&digest::SHA256, bytes);
    out.copy_from_slice(digest.as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, origins: &[&str]) -> Result<(), Fault> {
        let origins: Vec<String> = origins.iter().map(|o| (*o).to_owned()).collect();
        let expected = Expected {
            rp_id: "example.org",
            origins: &origins,
            challenge: b"0123456789abcdef",
            user_verification_required: false,
        };
        ClientData::read(json.as_bytes())
            .unwrap()
            .check(GET, &expected)
    }

    fn from(origin: &str) -> String {
        format!(
            r#"{{"type":"webauthn.get","challenge":"MDEyMzQ1Njc4OWFiY2RlZg","origin":"{origin}","other":[1]}}"#
        )
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let allowed = [
            "https://example.org",
            "http://localhost:4455/",
            "android:apk-key-hash:abc",
        ];
        for (origin, fits) in [
            ("https://example.org", true),
            ("https://EXAMPLE.org", true),
            ("https://example.org:443", true),
            ("https://example.org:444", false),
            ("http://example.org", false),
            ("https://www.example.org", false),
            ("https://example.org.evil.example", false),
            ("http://localhost:4455", true),
            ("http://localhost", false),
            ("android:apk-key-hash:abc", true),
            ("android:apk-key-hash:ABC", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(check(&from(origin), &allowed).is_ok(), fits, "{origin}");
        }
    }

    #[test]
    fn a_frame_has_to_stand_in_an_allowed_site() {
        let with = |more: &str| from("https://example.org").replace(r#""other":[1]"#, more);
        let allowed = ["https://example.org", "https://shop.example"];
        for (more, fits) in [
            (r#""crossOrigin":false"#, true),
            (r#""crossOrigin":true"#, true),
            (
                r#""crossOrigin":true,"topOrigin":"https://shop.example""#,
                true,
            ),
            (
                r#""crossOrigin":true,"topOrigin":"https://evil.example""#,
                false,
            ),
            (r#""topOrigin":"https://evil.example""#, false),
        ] {
            assert_eq!(check(&with(more), &allowed).is_ok(), fits, "{more}");
        }
    }

    #[test]
    fn another_ceremony_or_challenge_is_refused() {
        let other = from("https://example.org").replace("webauthn.get", "webauthn.create");
        assert_eq!(check(&other, &["https://example.org"]), Err(Fault::Type));
        let other = from("https://example.org").replace("MDEy", "MDEz");
        assert_eq!(
            check(&other, &["https://example.org"]),
            Err(Fault::Challenge)
        );
    }

    #[test]
    fn only_json_with_its_members_is_read() {
        assert!(
            ClientData::read(format!("\u{feff}{}", from("https://a.example")).as_bytes()).is_ok()
        );
        for text in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"type":1}"#,
            "\u{feff}\u{feff}{}",
        ] {
            assert!(ClientData::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
