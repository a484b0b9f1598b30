//! The JSON in which browsers hand over an answer (section 5.1.8 and 5.1.9).

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use crate::{MAX_ANSWER_BYTES, Unreadable};

/// base64url; padding may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Bytes in base64url.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(d)?;
        BASE64.decode(text).map(Bytes).map_err(D::Error::custom)
    }
}

#[derive(Deserialize)]
struct Credential<R> {
    id: Bytes,
    #[serde(default, rename = "rawId")]
    raw_id: Option<Bytes>,
    r#type: String,
    response: R,
}

/// Reads an answer: the key's name, and what it says.
pub(crate) fn read<R: DeserializeOwned>(json: &str) -> Result<(Vec<u8>, R), Unreadable> {
    if json.len() > MAX_ANSWER_BYTES {
        return Err(Unreadable("it is too long"));
    }
    let credential: Credential<R> =
        serde_json::from_str(json).map_err(|_| Unreadable("it is not the JSON of a credential"))?;
    let Bytes(id) = credential.id;
    if credential.r#type != "public-key" {
        return Err(Unreadable("its type is not public-key"));
    }
    if id.is_empty() || credential.raw_id.is_some_and(|raw| raw.0 != id) {
        return Err(Unreadable("it does not name one key"));
    }
    Ok((id, credential.response))
}
