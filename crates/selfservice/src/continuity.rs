//! What a browser wanted when it had to sign in again, kept until it comes back (spec: flows.md §9).
//!
//! It may hold a new password, so the database only gets it sealed; the key is nowhere but in the
//! browser's continuity cookie.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bia_store::continuity::{self as containers, Container};
use rand::RngCore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cx::Cx;
use crate::problem::Problem;

/// How long it is kept.
const LIFESPAN: Duration = Duration::minutes(15);

const KEY_BYTES: usize = 32;

/// What is kept belongs together with this: one thing of a purpose per browser, about one subject, of one owner.
#[derive(Clone, Copy, Debug)]
pub struct Parked<'p> {
    /// Its name in the browser's cookie.
    pub purpose: &'p str,
    /// The flow that it is about.
    pub subject: Uuid,
    /// The identity whose wish it is.
    pub owner: Uuid,
}

impl Parked<'_> {
    fn name(&self) -> String {
        format!("{}:{}", self.purpose, self.subject)
    }
}

/// Keeps what a browser wanted; the answer's cookie refers to it.
pub async fn park(cx: &Cx, about: Parked<'_>, wish: &impl Serialize) -> Result<(), Problem> {
    let id = Uuid::new_v4();
    let mut key = Zeroizing::new([0u8; KEY_BYTES]);
    rand::rng().fill_bytes(key.as_mut());
    let text =
        Zeroizing::new(serde_json::to_vec(wish).map_err(|e| Problem::Internal(e.to_string()))?);
    let sealed = seal(&key, id, &text)?;
    let container = Container {
        id,
        identity_id: Some(about.owner),
        name: about.name(),
        payload: Some(json!({ "sealed": URL_SAFE_NO_PAD.encode(sealed) })),
        created_at: cx.now,
        expires_at: cx.now + LIFESPAN,
    };
    let mut conn = cx.write().await?;
    containers::insert(&mut conn, &container).await?;
    let reference = format!("{id}.{}", URL_SAFE_NO_PAD.encode(key.as_ref()));
    cx.effect(|e| {
        e.continuity
            .push((about.purpose.to_owned(), Some(reference)))
    });
    Ok(())
}

/// Takes what was kept, for the one request that does. `None` when there is nothing, it has expired, or it
/// is about something else or of somebody else.
pub async fn resume<T: DeserializeOwned>(cx: &Cx, about: Parked<'_>) -> Result<Option<T>, Problem> {
    let Some((id, key)) = reference(cx, about.purpose) else {
        return Ok(None);
    };
    let mut conn = cx.write().await?;
    let Some(found) = containers::find(&mut conn, id, &about.name()).await? else {
        return Ok(None);
    };
    if found.identity_id != Some(about.owner) {
        return Ok(None);
    }
    cx.effect(|e| e.continuity.push((about.purpose.to_owned(), None)));
    let taken = containers::delete(&mut conn, id).await?;
    if !taken || found.expires_at < cx.now {
        return Ok(None);
    }
    let sealed = found
        .payload
        .as_ref()
        .and_then(|p| p.get("sealed"))
        .and_then(Value::as_str);
    let text = sealed
        .and_then(|s| URL_SAFE_NO_PAD.decode(s).ok())
        .and_then(|s| open(&key, id, s));
    Ok(text.and_then(|t| serde_json::from_slice(&t).ok()))
}

/// Forgets what was kept for a purpose.
pub async fn abandon(cx: &Cx, purpose: &str) -> Result<(), Problem> {
    let Some((id, _)) = reference(cx, purpose) else {
        return Ok(());
    };
    cx.effect(|e| e.continuity.push((purpose.to_owned(), None)));
    let mut conn = cx.write().await?;
    containers::delete(&mut conn, id).await?;
    Ok(())
}

/// The container's id and key, from the browser's cookie.
fn reference(cx: &Cx, purpose: &str) -> Option<(Uuid, Zeroizing<[u8; KEY_BYTES]>)> {
    let mut references = cx.request.continuity.iter().filter_map(|c| c.get(purpose));
    let (id, key) = references.next()?.split_once('.')?;
    let key: [u8; KEY_BYTES] = URL_SAFE_NO_PAD.decode(key).ok()?.try_into().ok()?;
    Some((Uuid::try_parse(id).ok()?, Zeroizing::new(key)))
}

fn cipher(key: &[u8; KEY_BYTES]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key)
        .ok()
        .map(LessSafeKey::new)
}

/// Each key seals one text only, so that the nonce may be the same for all.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

fn seal(key: &[u8; KEY_BYTES], id: Uuid, text: &[u8]) -> Result<Vec<u8>, Problem> {
    let failed = || Problem::Internal("a wish could not be sealed".into());
    let mut sealed = text.to_vec();
    let cipher = cipher(key).ok_or_else(failed)?;
    cipher
        .seal_in_place_append_tag(nonce(), Aad::from(id.as_bytes()), &mut sealed)
        .map_err(|_| failed())?;
    Ok(sealed)
}

fn open(key: &[u8; KEY_BYTES], id: Uuid, mut sealed: Vec<u8>) -> Option<Zeroizing<Vec<u8>>> {
    let text = cipher(key)?
        .open_in_place(nonce(), Aad::from(id.as_bytes()), &mut sealed)
        .ok()?
        .to_vec();
    Some(Zeroizing::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_and_the_id_it_was_sealed_with_open_it() {
        let (key, id) = ([7u8; KEY_BYTES], Uuid::new_v4());
        let sealed = seal(&key, id, b"new password").unwrap();
        assert!(!sealed.windows(4).any(|w| w == b"pass"));
        assert_eq!(
            open(&key, id, sealed.clone()).as_deref().map(Vec::as_slice),
            Some(b"new password".as_slice())
        );
        assert_eq!(open(&[8u8; KEY_BYTES], id, sealed.clone()), None);
        assert_eq!(open(&key, Uuid::new_v4(), sealed.clone()), None);
        assert_eq!(open(&key, id, sealed[1..].to_vec()), None);
        assert_eq!(open(&key, id, Vec::new()), None);
    }
}
