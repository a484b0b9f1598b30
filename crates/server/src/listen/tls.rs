//! Certificate and key of a listener. Files are looked at again while the server runs, so that a renewed
//! certificate is used without a restart; one that cannot be used is not taken.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use axum_server::tls_rustls::RustlsConfig;
use base64::{Engine, engine::general_purpose::STANDARD};
use bia_config::section::serve::Tls;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How often files are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// A certificate that can be served.
pub struct Certificate {
    config: RustlsConfig,
    /// Where it came from, when it can change.
    files: Option<Files>,
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
    /// When the two were changed, as far as that is known.
    changed: [Option<SystemTime>; 2],
}

impl Certificate {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// When one cannot be read, is no PEM text, or does not fit the other.
    pub fn load(tls: &Tls) -> anyhow::Result<Certificate> {
        let (config, files) = match tls {
            Tls::Inline { cert, key } => {
                let decode = |text: &str| {
                    STANDARD
                        .decode(text.trim())
                        .context("The text is not base64.")
                };
                (server_config(&decode(cert)?, &decode(key.expose())?)?, None)
            }
            Tls::Files { cert, key } => {
                let files = Files::new(cert, key);
                (files.read()?, Some(files))
            }
        };
        Ok(Certificate {
            config: RustlsConfig::from_config(Arc::new(config)),
            files,
        })
    }

    /// The configuration to serve with; from here on files are watched for the life of the process.
    pub(super) fn watched(self) -> RustlsConfig {
        if let Some(mut files) = self.files {
            let config = self.config.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(LOOK_AGAIN).await;
                    files.reload_into(&config);
                }
            });
        }
        self.config
    }
}

impl Files {
    fn new(cert: &Path, key: &Path) -> Files {
        Files {
            cert: cert.to_owned(),
            key: key.to_owned(),
            changed: [changed(cert), changed(key)],
        }
    }

    fn read(&self) -> anyhow::Result<ServerConfig> {
        let read = |path: &Path| {
            std::fs::read(path).with_context(|| format!("{} cannot be read.", path.display()))
        };
        server_config(&read(&self.cert)?, &read(&self.key)?)
    }

    fn reload_into(&mut self, config: &RustlsConfig) {
        let now = [changed(&self.cert), changed(&self.key)];
        if now == self.changed {
            return;
        }
        self.changed = now;
        let path = self.cert.display().to_string();
        match self.read() {
            Ok(new) => {
                config.reload_from_config(Arc::new(new));
                tracing::info!(path, "A changed certificate is in use.");
            }
            Err(error) => tracing::error!(
                path,
                "A changed certificate cannot be used, the old one stays: {error:#}"
            ),
        }
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path)
        .and_then(|file| file.modified())
        .ok()
}

fn server_config(cert: &[u8], key: &[u8]) -> anyhow::Result<ServerConfig> {
    let chain = CertificateDer::pem_slice_iter(cert).collect::<Result<Vec<_>, _>>();
    let chain = chain.context("The certificate is not a PEM text.")?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .context("The key is not a PEM text with a private key.")?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS is not available.")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("Certificate and key do not fit together.")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
