//! What is written into the log while a test runs in its one thread.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::EnvFilter;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Collects everything, down to the smallest detail (of statements: their text), as long as it lives.
pub(crate) struct LogLines {
    paper: Paper,
    _here: tracing::subscriber::DefaultGuard,
}

impl LogLines {
    pub(crate) fn collect() -> LogLines {
        let paper = Paper::default();
        let writer = paper.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("trace,sqlx=debug"))
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        LogLines {
            paper,
            _here: tracing::subscriber::set_default(subscriber),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.paper.0.lock().unwrap()).into_owned()
    }
}
