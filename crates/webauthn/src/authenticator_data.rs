//! Authenticator data: what a key says about itself and signs (section 6.1).

use coset::cbor::Value;

use crate::{Fault, Unreadable, cbor};

/// What a key says about how it was used and what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Somebody confirmed the use of the key.
    pub user_present: bool,
    /// The key checked who that was, by a PIN or a finger.
    pub user_verified: bool,
    /// The key can be copied to other devices.
    pub backup_eligible: bool,
    /// It has been.
    pub backup_state: bool,
}

/// The flags that say what follows.
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// Authenticator data, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AuthenticatorData {
    pub(crate) rp_id_hash: [u8; 32],
    pub(crate) flags: Flags,
    pub(crate) sign_count: u32,
    /// The new key.
    pub(crate) attested: Option<Attested>,
}

/// A new key, as it introduces itself (section 6.5.1).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attested {
    pub(crate) aaguid: [u8; 16],
    pub(crate) key_id: Vec<u8>,
    /// In COSE form, as the key wrote it.
    pub(crate) public_key: Vec<u8>,
}

impl AuthenticatorData {
    /// Reads all of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Result<AuthenticatorData, Unreadable> {
        let short = Unreadable("its authenticator data is too short");
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>().ok_or(short)?;
        let (flags, rest) = rest.split_first().ok_or(short)?;
        let (sign_count, mut rest) = rest.split_first_chunk::<4>().ok_or(short)?;
        let mut attested = None;
        if flags & ATTESTED != 0 {
            let (found, after) = Attested::read(rest)?;
            (attested, rest) = (Some(found), after);
        }
        if flags & EXTENSIONS != 0 {
            // Step 21 of section 7.1: no extension is asked for, so that none is looked at.
            let (extensions, after) = cbor::first(rest)?;
            if !matches!(extensions, Value::Map(_)) {
                return Err(Unreadable("its extension data is no map"));
            }
            rest = after;
        }
        if !rest.is_empty() {
            return Err(Unreadable("something stands after its authenticator data"));
        }
        Ok(AuthenticatorData {
            rp_id_hash: *rp_id_hash,
            flags: Flags {
                user_present: flags & 0x01 != 0,
                user_verified: flags & 0x04 != 0,
                backup_eligible: flags & 0x08 != 0,
                backup_state: flags & 0x10 != 0,
            },
            sign_count: u32::from_be_bytes(*sign_count),
            attested,
        })
    }

    /// What both ceremonies ask of it: steps 14 to 17 of section 7.1, 16 to 19 of section 7.2.
    pub(crate) fn check(&self, rp_id: &str, user_verification_required: bool) -> Result<(), Fault> {
        if self.rp_id_hash != crate::client_data::sha256(rp_id.as_bytes()) {
            return Err(Fault::RelyingParty);
        }
        if !self.flags.user_present {
            return Err(Fault::UserPresence);
        }
        if user_verification_required && !self.flags.user_verified {
            return Err(Fault::UserVerification);
        }
        if self.flags.backup_state && !self.flags.backup_eligible {
            return Err(Fault::Backup);
        }
        Ok(())
    }
}

impl Attested {
    fn read(bytes: &[u8]) -> Result<(Attested, &[u8]), Unreadable> {
        let short = Unreadable("its description of the new key is too short");
        let (aaguid, rest) = bytes.split_first_chunk::<16>().ok_or(short)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(short)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (key_id, rest) = rest.split_at_checked(length).ok_or(short)?;
        let (_, after) = cbor::first(rest)?;
        let public_key = rest.get(..rest.len() - after.len()).ok_or(short)?;
        let attested = Attested {
            aaguid: *aaguid,
            key_id: key_id.to_vec(),
            public_key: public_key.to_vec(),
        };
        Ok((attested, after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relying party "localhost", flags UP and UV, counter 7.
    fn plain() -> Vec<u8> {
        let mut bytes = crate::client_data::sha256(b"localhost").to_vec();
        bytes.extend([0x05, 0, 0, 0, 7]);
        bytes
    }

    #[test]
    fn counter_and_flags_are_read() {
        let data = AuthenticatorData::read(&plain()).unwrap();
        assert_eq!(data.sign_count, 7);
        assert!(data.flags.user_present && data.flags.user_verified);
        assert!(!data.flags.backup_eligible && data.attested.is_none());
        assert_eq!(data.check("localhost", true), Ok(()));
        assert_eq!(data.check("localhos", true), Err(Fault::RelyingParty));
    }

    #[test]
    fn what_is_cut_off_anywhere_is_not_read() {
        let mut whole = plain();
        whole[32] |= ATTESTED | EXTENSIONS;
        whole.extend([9; 16]);
        whole.extend([0, 2, 1, 2]);
        whole.extend([0xa1, 0x01, 0x02]);
        whole.extend([0xa0]);
        let read = AuthenticatorData::read(&whole).unwrap();
        let attested = read.attested.unwrap();
        assert_eq!(attested.key_id, [1, 2]);
        assert_eq!(attested.public_key, [0xa1, 0x01, 0x02]);
        for end in 0..whole.len() {
            assert!(AuthenticatorData::read(&whole[..end]).is_err(), "{end}");
        }
        whole.push(0);
        assert!(AuthenticatorData::read(&whole).is_err());
    }

    #[test]
    fn a_copy_of_what_cannot_be_copied_is_a_contradiction() {
        let mut bytes = plain();
        bytes[32] |= 0x10;
        let data = AuthenticatorData::read(&bytes).unwrap();
        assert_eq!(data.check("localhost", false), Err(Fault::Backup));
    }
}
