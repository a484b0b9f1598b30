//! The built-in configuration of `bia serve --dev` without any file.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{Config, Findings, Secret, SecretJson};

/// The ports of a built-in configuration, from which its addresses follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevPorts {
    /// Of the public listener.
    pub public: u16,
    /// Of the admin listener.
    pub admin: u16,
}

impl Default for DevPorts {
    fn default() -> Self {
        Self {
            public: 4433,
            admin: 4434,
        }
    }
}

/// The keys of a built-in configuration. The server makes them once and keeps them in the data directory, so
/// that sessions survive a restart.
#[derive(Debug, Clone)]
pub struct DevSecrets {
    /// For cookies and everything without a key of its own; at least 16 characters.
    pub default: Secret,
    /// For what is encrypted at rest; exactly 32 characters.
    pub cipher: Secret,
}

/// Everything that a developer needs, without a file: SQLite in `data_dir`, e-mail and password, all flows with
/// the built-in pages, recovery and verification by code. Mail goes nowhere: it stays in the queue, where the
/// server's inbox page shows it.
///
/// It is the lowest layer ([`crate::Sources::built_in`]): flags and environment variables go over it.
#[must_use]
pub fn dev_settings(data_dir: &Path, secrets: &DevSecrets, ports: DevPorts) -> SecretJson {
    let public = format!("http://127.0.0.1:{}/", ports.public);
    let admin = format!("http://127.0.0.1:{}/", ports.admin);
    let schema = STANDARD.encode(schema().to_string());
    json!({
        "dsn": format!("sqlite://{}?_fk=true&mode=rwc", data_dir.join("bia.sqlite").display()),
        "dev": true,
        "bia": {"data_dir": data_dir.display().to_string()},
        "serve": {
            "public": {"host": "127.0.0.1", "port": ports.public, "base_url": public},
            "admin": {"host": "127.0.0.1", "port": ports.admin, "base_url": admin},
        },
        "identity": {
            "default_schema_id": "default",
            "schemas": [{"id": "default", "url": format!("base64://{schema}")}],
        },
        "selfservice": {
            "default_browser_return_url": format!("{public}ui/"),
            "allowed_return_urls": [public],
            "methods": {
                "password": {"enabled": true, "config": {"haveibeenpwned_enabled": false}},
                "code": {"enabled": true},
            },
            "flows": {
                "registration": {
                    "after": {"password": {"hooks": [{"hook": "session"}, {"hook": "show_verification_ui"}]}},
                },
                "recovery": {"enabled": true, "use": "code"},
                "verification": {"enabled": true, "use": "code"},
            },
        },
        "secrets": {"default": [secrets.default.expose()], "cipher": [secrets.cipher.expose()]},
        "ciphers": {"algorithm": "xchacha20-poly1305"},
    })
    .into()
}

/// An e-mail address, which is the identifier and is verified, and perhaps a name.
fn schema() -> Value {
    json!({
        "$id": "urn:bia:default",
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Person",
        "type": "object",
        "properties": {
            "traits": {
                "type": "object",
                "properties": {
                    "email": {
                        "type": "string",
                        "format": "email",
                        "title": "E-mail",
                        "minLength": 3,
                        "maxLength": 320,
                        "ory.sh/kratos": {
                            "credentials": {
                                "password": {"identifier": true},
                                "code": {"identifier": true, "via": "email"},
                            },
                            "verification": {"via": "email"},
                            "recovery": {"via": "email"},
                        },
                    },
                    "name": {"type": "string", "title": "Name", "maxLength": 200},
                },
                "required": ["email"],
                "additionalProperties": false,
            },
        },
    })
}

impl Config {
    /// The configuration of [`dev_settings`] alone, at the usual ports.
    ///
    /// # Errors
    /// Only for secrets that are too short or too long.
    pub fn dev(data_dir: &Path, secrets: &DevSecrets) -> Result<Self, Findings> {
        Self::from_json(
            dev_settings(data_dir, secrets, DevPorts::default())
                .expose()
                .clone(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Page, section::flow::MessageMethod};

    fn secrets() -> DevSecrets {
        DevSecrets {
            default: Secret::new("a-default-secret".repeat(2)),
            cipher: Secret::new("0123456789abcdef".repeat(2)),
        }
    }

    #[test]
    fn without_a_file_a_developer_gets_a_working_server() {
        let config = Config::dev(Path::new("/var/lib/bia"), &secrets()).unwrap();
        assert!(config.warnings().is_empty(), "{}", config.warnings());
        assert_eq!(
            config.dsn.as_ref().unwrap().expose(),
            "sqlite:///var/lib/bia/bia.sqlite?_fk=true&mode=rwc"
        );
        assert_eq!(
            config.ui_url(Page::Login).as_str(),
            "http://127.0.0.1:4433/ui/login"
        );
        assert_eq!(
            config.selfservice.flows.recovery.method,
            MessageMethod::Code
        );
        assert!(!config.courier.delivers_mail());
        assert!(!config.cookies.secure && !config.session.cookie.secure);
        assert!(
            config.selfservice.flows.verification.enabled
                && config.selfservice.flows.recovery.enabled
        );
        let names: Vec<&str> = config
            .selfservice
            .flows
            .registration
            .after
            .method_hooks("password")
            .iter()
            .map(crate::Hook::name)
            .collect();
        assert_eq!(names, ["session", "show_verification_ui"]);
    }
}
