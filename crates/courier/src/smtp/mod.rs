//! Delivery by SMTP: one connection per message (spec courier.md §4.1).

mod address;
mod letter;
mod tls;

use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;

use crate::error::DeliveryError;
use crate::settings::{Security, SmtpSettings, SmtpUri};

pub(crate) use letter::Letter;

/// How long the server may take to accept a connection.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a whole delivery may take, from the look-up of the name to the server's last word.
pub(crate) const DELIVERY_TIMEOUT: Duration = Duration::from_secs(60);

/// How long is waited for the server's good-bye, after which the message is delivered anyway.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// What the reference says of every failed delivery by SMTP.
const FAILED: &str = "failed to send email via smtp";

/// In the order of preference.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// Sends one letter. `Ok` means that the server took responsibility for it.
pub(crate) async fn send(settings: &SmtpSettings, letter: Letter<'_>) -> Result<(), DeliveryError> {
    let server = match &settings.server {
        None => {
            return Err(DeliveryError::permanent(
                FAILED,
                "Courier tried to deliver an email but courier.smtp.connection_uri is not set!",
            ));
        }
        Some(Err(refused)) => return Err(DeliveryError::permanent(FAILED, refused.to_string())),
        Some(Ok(server)) => server,
    };
    let (envelope, content) = letter.seal(settings)?;
    let delivery = async {
        let mut connection = connect(settings, server).await?;
        connection.send(&envelope, &content).await.map_err(failed)?;
        // The letter is delivered; a connection that does not close well changes nothing of that.
        let _ = tokio::time::timeout(QUIT_TIMEOUT, connection.quit()).await;
        Ok(())
    };
    match tokio::time::timeout(DELIVERY_TIMEOUT, delivery).await {
        Ok(outcome) => outcome,
        Err(_) => Err(DeliveryError::temporary(
            FAILED,
            "the mail server did not finish within 60 seconds",
        )),
    }
}

/// A connection that is protected and signed in as the settings ask for.
async fn connect(
    settings: &SmtpSettings,
    server: &SmtpUri,
) -> Result<AsyncSmtpConnection, DeliveryError> {
    let hello = ClientId::Domain(settings.local_name.clone());
    let addresses = address::resolve(server, settings.refuse_private_addresses).await?;
    let implicit = match server.security {
        Security::Implicit => Some(tls::parameters(settings, server).await?),
        Security::StartTls | Security::Opportunistic => None,
    };
    let dial = AsyncSmtpConnection::connect_tokio1(
        addresses.as_slice(),
        Some(DIAL_TIMEOUT),
        &hello,
        implicit,
        None,
    );
    let mut connection = dial.await.map_err(failed)?;
    match server.security {
        Security::Implicit => {}
        Security::StartTls => connection
            .starttls(tls::parameters(settings, server).await?, &hello)
            .await
            .map_err(failed)?,
        Security::Opportunistic if connection.can_starttls() => {
            connection
                .starttls(tls::default_parameters(server).await?, &hello)
                .await
                .map_err(failed)?;
        }
        Security::Opportunistic => {}
    }
    sign_in(&mut connection, server).await?;
    Ok(connection)
}

/// Signs in where the server knows how; one that offers no sign-in at all is used without, as the
/// mail traps of development setups want it.
async fn sign_in(
    connection: &mut AsyncSmtpConnection,
    server: &SmtpUri,
) -> Result<(), DeliveryError> {
    let Some((user, password)) = &server.credentials else {
        return Ok(());
    };
    if connection
        .server_info()
        .get_auth_mechanism(&MECHANISMS)
        .is_none()
    {
        tracing::debug!(
            smtp.host = server.host,
            "The mail server offers no sign-in by PLAIN or LOGIN; going on without."
        );
        return Ok(());
    }
    let credentials = Credentials::new(user.clone(), password.expose().to_owned());
    connection
        .auth(&MECHANISMS, &credentials)
        .await
        .map_err(failed)?;
    Ok(())
}

fn failed(error: lettre::transport::smtp::Error) -> DeliveryError {
    let status = error
        .status()
        .and_then(|code| code.to_string().parse().ok());
    let temporary = DeliveryError::temporary(FAILED, error_text(&error));
    match status {
        Some(status) => temporary.with_smtp_status(status),
        None => temporary,
    }
}

/// The error with its causes, as far as they add something.
fn error_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
