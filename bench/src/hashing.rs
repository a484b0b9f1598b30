//! The ceiling of password logins: the hash function itself, on every core at once.

use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::load::Tally;

const PASSWORD: &[u8] = b"a password of an ordinary length";
const SALT: [u8; 16] = *b"sixteen bytes of";

/// A password hash and its cost.
#[derive(Clone, Debug)]
pub(crate) enum HashSpec {
    /// bcrypt with this cost, 4 to 31.
    Bcrypt(u32),
    /// argon2id, version 0x13, 32 bytes of output.
    Argon2id(Params),
}

impl FromStr for HashSpec {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (name, cost) = text
            .split_once(':')
            .context("write bcrypt:COST or argon2id:KIBIBYTES,PASSES,LANES")?;
        match name {
            "bcrypt" => {
                let cost = cost.parse().context("the bcrypt cost is a number")?;
                if !(4..=20).contains(&cost) {
                    bail!("a bcrypt cost from 4 to 20 can be measured, not {cost}");
                }
                Ok(Self::Bcrypt(cost))
            }
            "argon2id" => {
                let numbers: Vec<u32> = cost
                    .split(',')
                    .map(str::parse)
                    .collect::<Result<_, _>>()
                    .context("write argon2id:KIBIBYTES,PASSES,LANES")?;
                let &[memory, passes, lanes] = numbers.as_slice() else {
                    bail!("argon2id takes three numbers: KIBIBYTES,PASSES,LANES")
                };
                let params = Params::new(memory, passes, lanes, Some(32))
                    .map_err(|e| anyhow::anyhow!("argon2id does not take these numbers: {e}"))?;
                Ok(Self::Argon2id(params))
            }
            other => bail!("{other} is neither bcrypt nor argon2id"),
        }
    }
}

impl std::fmt::Display for HashSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bcrypt(cost) => write!(f, "bcrypt, cost {cost}"),
            Self::Argon2id(p) => write!(
                f,
                "argon2id, {} KiB, {} passes, {} lanes",
                p.m_cost(),
                p.t_cost(),
                p.p_cost()
            ),
        }
    }
}

impl HashSpec {
    fn once(&self) -> anyhow::Result<()> {
        match self {
            Self::Bcrypt(cost) => {
                bcrypt::hash_with_salt_bytes(PASSWORD, *cost, SALT)?;
            }
            Self::Argon2id(params) => {
                let mut out = [0_u8; 32];
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
                    .hash_password_into(PASSWORD, &SALT, &mut out)
                    .map_err(|e| anyhow::anyhow!("argon2id: {e}"))?;
            }
        }
        Ok(())
    }

    /// Hashes on every core for about this long. The last hash of each core is finished and counted.
    pub(crate) fn measure(&self, length: Duration) -> anyhow::Result<Tally> {
        let started = Instant::now();
        let parts: Vec<anyhow::Result<Tally>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..cores())
                .map(|_| scope.spawn(|| self.on_one_core(length)))
                .collect();
            threads
                .into_iter()
                .map(|t| {
                    t.join()
                        .unwrap_or_else(|_| Err(anyhow::anyhow!("a hashing thread ended early")))
                })
                .collect()
        });
        let mut tally = Tally::default();
        for part in parts {
            tally.join(part?);
        }
        tally.busy = started.elapsed();
        Ok(tally)
    }

    fn on_one_core(&self, length: Duration) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        let started = Instant::now();
        let mut now = started;
        while now.duration_since(started) < length {
            self.once()?;
            let after = Instant::now();
            tally.succeeded(after.duration_since(now));
            now = after;
        }
        Ok(tally)
    }
}

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::HashSpec;
    use std::time::Duration;

    #[test]
    fn a_hash_is_written_as_the_help_says() {
        for good in ["bcrypt:12", "argon2id:131072,1,1"] {
            assert!(good.parse::<HashSpec>().is_ok(), "{good}");
        }
        for bad in [
            "bcrypt",
            "bcrypt:3",
            "bcrypt:99",
            "argon2id:1",
            "argon2id:131072,1",
            "argon2id:131072,0,1",
            "md5:1",
        ] {
            assert!(bad.parse::<HashSpec>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_core_counts_its_hashes() -> anyhow::Result<()> {
        let tally = "bcrypt:4"
            .parse::<HashSpec>()?
            .measure(Duration::from_millis(20))?;
        assert!(tally.done >= super::cores() as u64);
        assert!(tally.rate() > 0.0);
        Ok(())
    }
}
