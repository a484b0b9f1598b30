//! What a hash asks for, estimated from its parameters.
//!
//! The rates are those of a core of today and may be wrong by a factor of two or three: they have to tell a hash that
//! takes many seconds from one that takes a part of one.

use std::time::Duration;

/// What hashing or verifying takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// Memory, in KiB.
    pub(super) memory_kib: u32,
    /// Time on one core.
    pub(super) time: Duration,
}

impl Cost {
    /// bcrypt, by the logarithm of its rounds: a quarter of a second at 12.
    pub(super) fn bcrypt(cost: u32) -> Self {
        Self::of(0, 1u64.checked_shl(cost).unwrap_or(u64::MAX), 60_000)
    }

    /// Argon2, by its memory in KiB and the passes over it.
    pub(super) fn argon2(memory_kib: u32, iterations: u32) -> Self {
        let passed = u64::from(memory_kib) * u64::from(iterations);
        Self::of(memory_kib, passed, 1_000)
    }

    /// scrypt, by its three parameters; N itself, not the logarithm.
    pub(super) fn scrypt(n: u32, r: u32, p: u32) -> Self {
        let (n, r) = (u64::from(n), u64::from(r));
        let memory_kib = u32::try_from(n.saturating_mul(r) / 8).unwrap_or(u32::MAX);
        let blocks = n.saturating_mul(r).saturating_mul(p.into());
        Self::of(memory_kib, blocks, 500)
    }

    /// A digest that is made of itself so many times.
    pub(super) fn repeated_digest(rounds: u64) -> Self {
        Self::of(0, rounds, 500)
    }

    fn of(memory_kib: u32, steps: u64, nanoseconds: u64) -> Self {
        Self {
            memory_kib,
            time: Duration::from_nanos(steps.saturating_mul(nanoseconds)),
        }
    }
}
