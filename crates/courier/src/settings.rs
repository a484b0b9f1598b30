//! What the courier needs to know of the configuration (spec courier.md §3, §4.1).

use std::path::PathBuf;
use std::time::Duration;

use bia_config::section::courier::DeliveryStrategy;
use bia_config::section::request::Request;
use bia_config::{Config, Secret};
use percent_encoding::percent_decode_str;
use url::Url;

/// The courier's part of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many attempts may follow the first one (`courier.message_retries`).
    pub message_retries: u32,
    /// The most messages that are taken at a time (`courier.worker.pull_count`).
    pub pull_count: usize,
    /// How long an idle worker waits before it looks again (`courier.worker.pull_wait`).
    pub pull_wait: Duration,
    /// Channels of their own kind (`courier.channels`); the first with a message's id carries it.
    pub channels: Vec<HttpChannel>,
    /// How mails leave where no channel says otherwise.
    pub email: EmailDelivery,
}

/// A way for messages by requests to a web service.
#[derive(Clone, Debug)]
pub struct HttpChannel {
    /// The channel's id, `sms`.
    pub id: String,
    /// `http`; with another kind, or none, nothing is delivered.
    pub kind: Option<String>,
    /// What is sent where.
    pub request: Request,
}

/// How mails leave (`courier.delivery_strategy`).
#[derive(Clone, Debug)]
pub enum EmailDelivery {
    /// By SMTP.
    Smtp(Box<SmtpSettings>),
    /// By a request to a web service.
    Http(Box<Request>),
}

/// How to reach the mail server, and as whom (`courier.smtp`).
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The server; `None` when `courier.smtp.connection_uri` is not set.
    pub server: Option<Result<SmtpUri, SmtpUriError>>,
    /// The sender's address, also of the envelope.
    pub from_address: String,
    /// The sender's name; empty for none.
    pub from_name: String,
    /// More headers by name; they win over the courier's own.
    pub headers: Vec<(String, String)>,
    /// What the courier calls itself when it greets the server.
    pub local_name: String,
    /// PEM files of a client certificate and its key.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// Whether addresses of private networks are refused (`clients.smtp.disallow_private_ip_ranges`).
    pub refuse_private_addresses: bool,
}

impl Default for SmtpSettings {
    fn default() -> SmtpSettings {
        SmtpSettings {
            server: None,
            from_address: "no-reply@localhost".to_owned(),
            from_name: String::new(),
            headers: Vec::new(),
            local_name: "localhost".to_owned(),
            client_certificate: None,
            refuse_private_addresses: false,
        }
    }
}

impl SmtpSettings {
    fn from_config(config: &Config) -> SmtpSettings {
        let smtp = &config.courier.smtp;
        SmtpSettings {
            server: smtp
                .connection_uri
                .as_ref()
                .map(|uri| SmtpUri::parse(uri.expose())),
            from_address: smtp.from_address.clone(),
            from_name: smtp.from_name.clone(),
            headers: smtp.headers.clone().into_iter().collect(),
            local_name: smtp.local_name.clone(),
            client_certificate: smtp
                .client_cert_path
                .clone()
                .zip(smtp.client_key_path.clone()),
            refuse_private_addresses: config.clients.smtp.disallow_private_ip_ranges,
        }
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            message_retries: 5,
            pull_count: 10,
            pull_wait: Duration::from_secs(1),
            channels: Vec::new(),
            email: EmailDelivery::Smtp(Box::default()),
        }
    }
}

impl Settings {
    /// The courier's part of a configuration.
    pub fn from_config(config: &Config) -> Settings {
        let courier = &config.courier;
        let email = match courier.delivery_strategy {
            DeliveryStrategy::Smtp => {
                EmailDelivery::Smtp(Box::new(SmtpSettings::from_config(config)))
            }
            DeliveryStrategy::Http => {
                EmailDelivery::Http(Box::new(courier.http.request_config.clone()))
            }
        };
        let channels = courier.channels.iter().map(|channel| HttpChannel {
            id: channel.id.clone(),
            kind: channel.kind.clone(),
            request: channel.request_config.clone(),
        });
        Settings {
            message_retries: courier.message_retries,
            // The reference cuts it to a byte; zero would mean that nothing is ever sent.
            pull_count: courier.worker.pull_count.clamp(1, 255) as usize,
            pull_wait: courier.worker.pull_wait,
            channels: channels.collect(),
            email,
        }
    }

    /// Whether nothing says where mails should go.
    pub fn has_no_mail_server(&self) -> bool {
        matches!(&self.email, EmailDelivery::Smtp(smtp) if smtp.server.is_none())
    }
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// `smtp://`: plain at first, then STARTTLS or nothing.
    StartTls,
    /// `smtp://…?disable_starttls=true`: STARTTLS when the server offers it, plain otherwise.
    Opportunistic,
    /// `smtps://`: TLS from the first byte.
    Implicit,
}

/// A mail server by its URI. Holds a password, which `Debug` does not show.
#[derive(Clone, Debug)]
pub struct SmtpUri {
    /// Host name or IP address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User and password, decoded; `None` = no sign-in.
    pub credentials: Option<(String, Secret)>,
    /// Whether the server's certificate is checked.
    pub verify_certificate: bool,
    /// The name that the certificate must have.
    pub server_name: String,
}

/// A connection URI that cannot be used. Never repeats the URI: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("courier.smtp.connection_uri cannot be used: {0}")]
pub struct SmtpUriError(&'static str);

const FORM: &str = "write smtp://user:password@host:587/ or smtps://user:password@host:465/, with special characters percent-encoded";

impl SmtpUri {
    /// Reads `smtp://user:password@host:port/?options` or `smtps://…` (spec courier.md §4.1).
    ///
    /// Options: `disable_starttls`, `skip_ssl_verify` (1, t, true …; anything else is false), `server_name`.
    pub fn parse(uri: &str) -> Result<SmtpUri, SmtpUriError> {
        let url = Url::parse(uri).map_err(|_| SmtpUriError(FORM))?;
        let option = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let security = match url.scheme() {
            "smtps" => Security::Implicit,
            "smtp" if is_true(option("disable_starttls")) => Security::Opportunistic,
            "smtp" => Security::StartTls,
            _ => return Err(SmtpUriError("it must start with smtp:// or smtps://")),
        };
        let host = host(&url).ok_or(SmtpUriError(
            "it names no host, so courier.smtp.connection_uri is not set to a mail server",
        ))?;
        let port = url.port().ok_or(SmtpUriError(
            "it names no port; add one after the host, such as :587 for smtp or :465 for smtps",
        ))?;
        Ok(SmtpUri {
            server_name: option("server_name")
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| host.clone()),
            host,
            port,
            security,
            credentials: credentials(&url)?,
            verify_certificate: !is_true(option("skip_ssl_verify")),
        })
    }
}

fn host(url: &Url) -> Option<String> {
    let host = match url.host()? {
        url::Host::Domain(name) => percent_decode_str(name).decode_utf8().ok()?.into_owned(),
        url::Host::Ipv4(ip) => ip.to_string(),
        url::Host::Ipv6(ip) => ip.to_string(),
    };
    Some(host).filter(|host| !host.is_empty())
}

fn credentials(url: &Url) -> Result<Option<(String, Secret)>, SmtpUriError> {
    let decoded = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(|t| t.into_owned())
            .map_err(|_| SmtpUriError(FORM))
    };
    if url.username().is_empty() {
        return Ok(None);
    }
    let password = decoded(url.password().unwrap_or_default())?;
    Ok(Some((decoded(url.username())?, Secret::new(password))))
}

/// The spellings that the reference takes for true.
fn is_true(value: Option<String>) -> bool {
    matches!(
        value.as_deref(),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_the_uri_is_read() {
        let check = |uri: &str, security: Security, port: u16, verify: bool| {
            let read = SmtpUri::parse(uri).unwrap();
            assert_eq!(
                (read.security, read.port, read.verify_certificate),
                (security, port, verify),
                "{uri}"
            );
            read
        };
        check(
            "smtp://mail.example.org:587/",
            Security::StartTls,
            587,
            true,
        );
        check(
            "smtp://mail.example.org:587/?disable_starttls=false",
            Security::StartTls,
            587,
            true,
        );
        check(
            "smtp://mail.example.org:587/?disable_starttls=perhaps",
            Security::StartTls,
            587,
            true,
        );
        check(
            "smtp://mail.example.org:25/?disable_starttls=true",
            Security::Opportunistic,
            25,
            true,
        );
        check(
            "smtp://mail.example.org:25/?disable_starttls=1&skip_ssl_verify=t",
            Security::Opportunistic,
            25,
            false,
        );
        check(
            "smtps://mail.example.org:465/?skip_ssl_verify=TRUE",
            Security::Implicit,
            465,
            false,
        );
        check(
            "smtps://mail.example.org:465/?disable_starttls=true",
            Security::Implicit,
            465,
            true,
        );
        check(
            "smtps://mail.example.org:465/?legacy_ssl=true",
            Security::Implicit,
            465,
            true,
        );
        assert_eq!(
            check("smtp://[::1]:25", Security::StartTls, 25, true).host,
            "::1"
        );
        let named = check(
            "smtps://10.0.0.1:465/?server_name=mail.example.org",
            Security::Implicit,
            465,
            true,
        );
        assert_eq!(
            (named.host.as_str(), named.server_name.as_str()),
            ("10.0.0.1", "mail.example.org")
        );
        let unnamed = check(
            "smtps://mail.example.org:465/?server_name=",
            Security::Implicit,
            465,
            true,
        );
        assert_eq!(unnamed.server_name, "mail.example.org");
    }

    #[test]
    fn user_and_password_are_decoded() {
        let login = |uri: &str| {
            SmtpUri::parse(uri)
                .unwrap()
                .credentials
                .map(|(user, password)| (user, password.expose().to_owned()))
        };
        assert_eq!(login("smtp://mail.example.org:25/"), None);
        assert_eq!(login("smtp://:pw@mail.example.org:25/"), None);
        assert_eq!(
            login("smtp://user@mail.example.org:25/"),
            Some(("user".into(), String::new()))
        );
        assert_eq!(
            login("smtp://user%40example.org:p%2Fw%3A%23%20x%2B+@mail.example.org:25/"),
            Some(("user@example.org".into(), "p/w:# x++".into()))
        );
    }

    #[test]
    fn the_configuration_says_where_mails_go() {
        let config = |courier: serde_json::Value| {
            let settings = serde_json::json!({
                "dsn": "memory",
                "identity": {"schemas": [{"id": "default", "url": "base64://e30="}]},
                "selfservice": {"default_browser_return_url": "https://app.example/"},
                "clients": {"smtp": {"disallow_private_ip_ranges": true}},
                "courier": courier,
            });
            Settings::from_config(&Config::from_json(settings).unwrap())
        };
        let settings = config(serde_json::json!({
            "message_retries": 2,
            "worker": {"pull_count": 0, "pull_wait": "100ms"},
            "smtp": {
                "connection_uri": "smtp://user:pw@mail.example.org:587/", "from_name": "App", "headers": {"X-A": "1"},
                "local_name": "id.app.example", "client_cert_path": "/c.pem", "client_key_path": "/k.pem",
            },
        }));
        assert_eq!(
            (
                settings.message_retries,
                settings.pull_count,
                settings.pull_wait
            ),
            (2, 1, Duration::from_millis(100))
        );
        assert!(!settings.has_no_mail_server());
        let EmailDelivery::Smtp(smtp) = settings.email else {
            panic!("not by SMTP")
        };
        assert_eq!(smtp.server.unwrap().unwrap().host, "mail.example.org");
        assert_eq!(
            (smtp.from_name.as_str(), smtp.local_name.as_str()),
            ("App", "id.app.example")
        );
        assert_eq!(smtp.headers, [("X-A".to_owned(), "1".to_owned())]);
        assert!(smtp.client_certificate.is_some() && smtp.refuse_private_addresses);

        assert!(config(serde_json::json!({})).has_no_mail_server());
        let by_http = config(
            serde_json::json!({"delivery_strategy": "http", "http": {"request_config": {"url": "https://mail.example.org"}}}),
        );
        assert!(!by_http.has_no_mail_server());
        let EmailDelivery::Http(request) = by_http.email else {
            panic!("not by HTTP")
        };
        assert_eq!(
            (request.url.unwrap().as_str(), request.method.as_deref()),
            ("https://mail.example.org/", Some("POST"))
        );
    }

    #[test]
    fn a_uri_that_cannot_be_used_is_refused_without_being_repeated() {
        for uri in [
            "mail.example.org:25",
            "http://user:hunter2@mail.example.org:25/",
            "smtp://user:hunter2@mail.example.org/",
            "smtp://user:hunter2@mail.example.org:99999/",
            "smtp:///?disable_starttls=true",
            "smtp://",
            "smtp://user:%ff%fe@mail.example.org:25",
        ] {
            let error = SmtpUri::parse(uri).unwrap_err().to_string();
            assert!(
                error.starts_with("courier.smtp.connection_uri") && !error.contains("hunter2"),
                "{uri}: {error}"
            );
        }
        let read = SmtpUri::parse("smtp://user:hunter2@mail.example.org:25/").unwrap();
        assert!(!format!("{read:?}").contains("hunter2"));
    }
}
