//! Why an answer is not taken.

/// It is no answer of a key: what it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub &'static str);

/// It is an answer of a key, but not to what was asked, or not a genuine one. Steps are those of section 7.1
/// (a new key) and 7.2 (the use of one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It was made for another ceremony: 7.1 step 7, 7.2 step 11.
    #[error("the answer is of another ceremony")]
    Type,
    /// It answers another challenge: 7.1 step 8, 7.2 step 12.
    #[error("the answer is to another challenge")]
    Challenge,
    /// It was made on another site: 7.1 step 9, 7.2 step 13.
    #[error("the answer was made on a site that is not among the allowed origins")]
    Origin,
    /// It was made in a frame of another site: 7.1 steps 10 and 11, 7.2 steps 14 and 15.
    #[error("the answer was made in a frame of a site that is not among the allowed origins")]
    CrossOrigin,
    /// The key was asked for another site: 7.1 step 14, 7.2 step 16.
    #[error("the key answered for another relying party id")]
    RelyingParty,
    /// Nobody touched the key: 7.1 step 15, 7.2 step 17.
    #[error("nobody confirmed the use of the key")]
    UserPresence,
    /// The key did not check who uses it, though it had to: 7.1 step 16, 7.2 step 18.
    #[error("the key did not verify its user")]
    UserVerification,
    /// The flags about copies contradict each other or what the key said before: 7.1 step 17, 7.2 steps 19 and 20.
    #[error("the key contradicts itself about being copied")]
    Backup,
    /// The key is of a kind that was not asked for, or no proper key: 7.1 step 20.
    #[error("the public key is of a kind that is not supported")]
    Algorithm,
    /// What vouches for the key is of an unknown format: 7.1 step 22.
    #[error("the attestation is of a format that is not supported")]
    AttestationFormat,
    /// What vouches for the key does not: 7.1 step 23.
    #[error("the attestation does not vouch for the key")]
    Attestation,
    /// The key's name is empty or too long: 7.1 step 26.
    #[error("the name of the key is empty or too long")]
    KeyId,
    /// The key is not one of those that were asked for: 7.2 steps 5 and 7.
    #[error("the key is not one that may answer")]
    UnknownKey,
    /// The key belongs to another account: 7.2 step 6.
    #[error("the key belongs to another account")]
    UserHandle,
    /// The signature is not of this key: 7.2 step 22.
    #[error("the signature is not of this key")]
    Signature,
}
