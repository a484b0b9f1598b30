//! The look-up of leaked passwords: the range API of Have I Been Pwned, or of a mirror.
//!
//! Only the first five digits of the password's SHA-1 leave the server; the answer lists all leaked passwords that
//! share them.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use bia_outbound::{Call, Outbound, OutboundError, Retry};
use http::{Method, StatusCode};
use quick_cache::sync::Cache;
use sha1::{Digest, Sha1};
use url::Url;

use super::{PolicyError, PolicyViolation};

/// How long an answer is remembered.
const CACHE_TIME: Duration = Duration::from_secs(3600);

/// How many answers are remembered.
const CACHE_ENTRIES: usize = 10_000;

/// How long one attempt may take, and both: somebody is waiting for the answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(4);

/// At once: nobody waits for a service that is away.
const TWICE: Retry = Retry {
    attempts: 2,
    first_wait: Duration::ZERO,
    longest_wait: Duration::ZERO,
};

/// The longest answer that is read: the real ones have about 40 KiB.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// How many hexadecimal digits of the SHA-1 are sent.
const PREFIX_DIGITS: usize = 5;

/// Where and how strictly leaked passwords are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachConfig {
    /// The URL under which `range/<prefix>` is asked; ends with a slash.
    pub base_url: Url,
    /// How often a password may have been seen in breaches (`max_breaches`).
    pub max_breaches: u64,
    /// Whether a password is accepted when the look-up fails (`ignore_network_errors`).
    pub ignore_network_errors: bool,
}

impl BreachConfig {
    /// The look-up at `host` (`haveibeenpwned_host`), over HTTPS. `None` when this is no host name.
    #[must_use]
    pub fn for_host(host: &str, max_breaches: u64, ignore_network_errors: bool) -> Option<Self> {
        let base_url = Url::parse(&format!("https://{host}/")).ok()?;
        Some(Self {
            base_url,
            max_breaches,
            ignore_network_errors,
        })
    }
}

/// Looks passwords up and remembers the answers for an hour.
pub struct BreachLookup {
    config: BreachConfig,
    outbound: Arc<Outbound>,
    cache: Cache<Fingerprint, Remembered>,
    /// The cache is keyed with a HMAC, so that memory holds no hash of a password that could be searched for.
    cache_key: hmac::Key,
}

type Fingerprint = [u8; 32];

#[derive(Clone, Copy)]
struct Remembered {
    count: u64,
    until: Instant,
}

impl BreachLookup {
    /// Asks through `outbound`, so the rules of `clients.http` hold.
    ///
    /// # Errors
    /// [`PolicyError::Unavailable`] when the random source cannot be set up.
    pub fn new(config: BreachConfig, outbound: Arc<Outbound>) -> Result<Self, PolicyError> {
        let cache_key =
            hmac::Key::generate(hmac::HMAC_SHA256, &aws_lc_rs::rand::SystemRandom::new())
                .map_err(|_| PolicyError::Unavailable("no random numbers".to_owned()))?;
        Ok(Self {
            config,
            outbound,
            cache: Cache::new(CACHE_ENTRIES),
            cache_key,
        })
    }

    /// Refuses a password that was seen too often.
    ///
    /// # Errors
    /// [`PolicyViolation::Breached`]; [`PolicyError::Unavailable`] when the look-up fails and that is not ignored.
    pub async fn check(&self, password: &str) -> Result<(), PolicyError> {
        match self.count(password).await {
            Ok(count) if count > self.config.max_breaches => {
                Err(PolicyViolation::Breached { count }.into())
            }
            Ok(_) => Ok(()),
            Err(reason) if self.config.ignore_network_errors => {
                tracing::warn!(%reason, "the look-up of leaked passwords failed and was skipped");
                Ok(())
            }
            Err(reason) => Err(PolicyError::Unavailable(reason)),
        }
    }

    async fn count(&self, password: &str) -> Result<u64, String> {
        let hash = hex::encode_upper(Sha1::digest(password.as_bytes()));
        let fingerprint = self.fingerprint(&hash);
        if let Some(known) = self
            .cache
            .get(&fingerprint)
            .filter(|known| known.until > Instant::now())
        {
            return Ok(known.count);
        }
        let (prefix, suffix) = hash.split_at(PREFIX_DIGITS);
        let count = count_in(&self.ask(prefix).await?, suffix)?;
        self.cache.insert(
            fingerprint,
            Remembered {
                count,
                until: Instant::now() + CACHE_TIME,
            },
        );
        Ok(count)
    }

    /// Asks for all leaked passwords with this prefix; once more when the first attempt fails.
    async fn ask(&self, prefix: &str) -> Result<String, String> {
        let url = self
            .config
            .base_url
            .join(&format!("range/{prefix}"))
            .map_err(|error| error.to_string())?;
        let attempt = |_| Call {
            timeout: ATTEMPT_TIMEOUT,
            max_answer_bytes: MAX_ANSWER_BYTES,
            ..Call::new(Method::GET, url.clone())
        };
        let asked = tokio::time::timeout(PATIENCE, self.outbound.send(TWICE, attempt)).await;
        let answer = asked.unwrap_or(Err(OutboundError::TimedOut));
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status != StatusCode::OK {
            return Err(format!(
                "it answered with status {}",
                answer.status.as_u16()
            ));
        }
        String::from_utf8(answer.body.into()).map_err(|_| "its answer is not text".to_owned())
    }

    fn fingerprint(&self, hash: &str) -> Fingerprint {
        let mut fingerprint = [0; 32];
        for (byte, mac) in fingerprint
            .iter_mut()
            .zip(hmac::sign(&self.cache_key, hash.as_bytes()).as_ref())
        {
            *byte = *mac;
        }
        fingerprint
    }
}

impl fmt::Debug for BreachLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreachLookup")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The count beside `suffix` in the lines `SUFFIX:COUNT`; 0 when it is not listed, 1 when the count is missing, which
/// the service is known to do. Counts may be grouped by commas.
fn count_in(answer: &str, suffix: &str) -> Result<u64, String> {
    for line in answer.lines() {
        let (listed, count) = line.trim().split_once(':').unwrap_or((line.trim(), "1"));
        if listed.eq_ignore_ascii_case(suffix) {
            let count = count.replace(',', "");
            return count
                .parse()
                .map_err(|_| "it gave a count that is no number".to_owned());
        }
    }
    Ok(0)
}
