//! TLS towards the mail server.

use std::path::Path;

use lettre::transport::smtp::client::{Identity, TlsParameters, TlsVersion};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::{FAILED, error_text};
use crate::error::DeliveryError;
use crate::settings::{SmtpSettings, SmtpUri};

/// TLS as the settings ask for: expected name, verification, client certificate.
pub(super) async fn parameters(
    settings: &SmtpSettings,
    server: &SmtpUri,
) -> Result<TlsParameters, DeliveryError> {
    let identity = match &settings.client_certificate {
        Some((certificate, key)) => client_identity(certificate, key).await,
        None => None,
    };
    build(
        server.server_name.clone(),
        !server.verify_certificate,
        identity,
    )
    .await
}

/// TLS with the host's own name and full verification: what an opportunistic upgrade uses, whatever the
/// settings say (spec courier.md §4.1).
pub(super) async fn default_parameters(server: &SmtpUri) -> Result<TlsParameters, DeliveryError> {
    build(server.host.clone(), false, None).await
}

async fn build(
    name: String,
    accept_any: bool,
    identity: Option<Identity>,
) -> Result<TlsParameters, DeliveryError> {
    // Building reads the system's certificates from disk.
    let built = tokio::task::spawn_blocking(move || {
        let builder = TlsParameters::builder(name)
            .set_min_tls_version(TlsVersion::Tlsv12)
            .dangerous_accept_invalid_certs(accept_any)
            .dangerous_accept_invalid_hostnames(accept_any);
        match identity {
            Some(identity) => builder.identify_with(identity).build(),
            None => builder.build(),
        }
    });
    match built.await {
        Ok(Ok(parameters)) => Ok(parameters),
        Ok(Err(error)) => Err(DeliveryError::temporary(
            FAILED,
            format!("TLS cannot be set up: {}", error_text(&error)),
        )),
        Err(_) => Err(DeliveryError::temporary(
            FAILED,
            "TLS cannot be set up: the attempt was broken off",
        )),
    }
}

/// The client certificate. One that does not load is reported and left out, as the reference does.
async fn client_identity(certificate: &Path, key: &Path) -> Option<Identity> {
    match load_identity(certificate, key).await {
        Ok(identity) => Some(identity),
        Err(reason) => {
            tracing::error!(
                reason,
                "The client certificate of courier.smtp.client_cert_path and client_key_path cannot be used; going on without it."
            );
            None
        }
    }
}

async fn load_identity(certificate: &Path, key: &Path) -> Result<Identity, String> {
    let pem = tokio::fs::read(certificate)
        .await
        .map_err(|e| format!("the certificate cannot be read: {e}"))?;
    let key = tokio::fs::read(key)
        .await
        .map_err(|e| format!("the key cannot be read: {e}"))?;
    let leaf = CertificateDer::from_pem_slice(&pem)
        .map_err(|e| format!("the certificate is not PEM: {e}"))?;
    // The library hands the certificate's bytes to rustls as they are, which takes DER.
    Identity::from_pem(&leaf, &key).map_err(|e| format!("the key is not PEM: {}", error_text(&e)))
}
