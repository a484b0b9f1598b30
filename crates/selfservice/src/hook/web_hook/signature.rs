//! By what another server knows a call of a web hook: which event it tells of, when it was made and that it comes from
//! here (Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`).

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_config::section::bia::BiaHooks;
use http::{HeaderMap, HeaderName, HeaderValue};
use time::OffsetDateTime;
use uuid::Uuid;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Adds the headers to those of a call that is made `now`. The id is that of the event, however often it is told. Signs
/// with each of the configured secrets, so that the other server may know the old one or the new one.
pub(super) fn add(
    headers: &mut HeaderMap,
    hooks: &BiaHooks,
    event: Uuid,
    now: OffsetDateTime,
    body: &[u8],
) {
    let (id, seconds) = (event.to_string(), now.unix_timestamp().to_string());
    let signatures: Vec<String> = hooks
        .signing_keys()
        .map(|key| signature(&key, &id, &seconds, body))
        .collect();
    put(headers, ID, &id);
    put(headers, TIMESTAMP, &seconds);
    if !signatures.is_empty() {
        put(headers, SIGNATURE, &signatures.join(" "));
    }
}

/// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
fn signature(key: &[u8], id: &str, seconds: &str, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
        context.update(part);
    }
    format!("v1,{}", STANDARD.encode(context.sign()))
}

fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    // UUIDs, digits and base64 can all stand in a header.
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use bia_config::Secret;

    use super::*;

    #[test]
    fn it_signs_as_the_specification_s_example() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs_and_without_one_only_the_event_is_named() {
        let mut hooks = BiaHooks::default();
        let (event, now, mut headers) = (Uuid::nil(), OffsetDateTime::UNIX_EPOCH, HeaderMap::new());
        add(&mut headers, &hooks, event, now, b"{}");
        assert_eq!(headers.len(), 2, "{headers:?}");
        assert_eq!(headers[TIMESTAMP], "0");
        hooks.signing_secrets = ["new", "old"]
            .map(|s| Secret::new(format!("whsec_{}", STANDARD.encode(s.repeat(10)))))
            .to_vec();
        add(&mut headers, &hooks, event, now, b"{}");
        let text = headers[SIGNATURE].to_str().unwrap();
        let expected: Vec<String> = ["new", "old"]
            .iter()
            .map(|s| signature(s.repeat(10).as_bytes(), &event.to_string(), "0", b"{}"))
            .collect();
        assert_eq!(text, expected.join(" "));
    }
}
