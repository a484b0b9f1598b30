//! Snippets that stand behind URLs.

use std::time::{Duration, Instant};

use bia_config::fetch::{FetchError, fetch_or_path};
use quick_cache::sync::Cache;

/// How long a snippet from a server is used before it is asked for again (config.md §1.3).
const FRESH: Duration = Duration::from_secs(3600);

const ENTRIES: usize = 256;

/// Snippets from servers are remembered; files and inline ones are read each time.
pub(crate) struct Snippets {
    remembered: Cache<String, (Instant, String)>,
}

impl Snippets {
    pub(crate) fn new() -> Snippets {
        Snippets {
            remembered: Cache::new(ENTRIES),
        }
    }

    pub(crate) async fn read(&self, url: &str) -> Result<String, FetchError> {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Ok(text(fetch_or_path(url).await?));
        }
        if let Some((read_at, text)) = self.remembered.get(url)
            && read_at.elapsed() < FRESH
        {
            return Ok(text);
        }
        let text = text(fetch_or_path(url).await?);
        self.remembered
            .insert(url.to_owned(), (Instant::now(), text.clone()));
        Ok(text)
    }
}

/// What is not UTF-8 cannot be valid Jsonnet outside strings; inside it is replaced, as Go does.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
