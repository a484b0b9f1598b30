//! What a command reads its configuration from, and where the server keeps files of its own.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bia_config::{DevPorts, DevSecrets, Flags, Secret, Sources, dev_settings};
use bia_selfservice::token::alphanumeric;
use serde_json::json;

use super::ConfigFiles;

/// Where files of the server go when nothing else is said.
const DATA_DIR: &str = "bia-data";

/// The file with the keys of a server without a configuration.
const SECRETS: &str = "secrets";

/// The sources of a command: files, environment, flags.
pub(super) fn from_files(files: &ConfigFiles, flags: Flags) -> Sources {
    Sources {
        built_in: None,
        files: files.config.clone(),
        env: environment(),
        flags,
    }
}

/// The sources of a command that needs a few settings, and has defaults for them: without a file the environment counts
/// all the same, and what a server could not do without is filled in.
pub(super) fn of_a_tool(files: &ConfigFiles) -> Sources {
    let mut sources = from_files(files, Flags::default());
    if files.config.is_empty() {
        let schema =
            json!({"properties": {"traits": {"type": "object", "properties": {"any": {}}}}});
        let url = format!("base64://{}", STANDARD.encode(schema.to_string()));
        let needed = json!({
            "dsn": "memory",
            "identity": {"default_schema_id": "any", "schemas": [{"id": "any", "url": url}]},
            "selfservice": {"default_browser_return_url": "http://127.0.0.1/"},
        });
        sources.built_in = Some(needed.into());
    }
    sources
}

/// The same, above the built-in configuration, whose keys are made on the first start and kept in `data_dir`.
pub(super) fn built_in(flags: Flags, data_dir: &Path) -> anyhow::Result<Sources> {
    let secrets = dev_secrets(data_dir)?;
    let env = environment();
    Ok(Sources {
        built_in: Some(dev_settings(data_dir, &secrets, dev_ports(&env))),
        files: Vec::new(),
        env,
        flags,
    })
}

/// The ports that the environment asks for, else the usual ones. The built-in addresses have to follow them; what is no
/// port is refused later, with all else that is wrong.
fn dev_ports(env: &[(String, String)]) -> DevPorts {
    let usual = DevPorts::default();
    let port = |name: &str| {
        env.iter()
            .find(|(key, _)| key == name)
            .and_then(|(_, value)| value.parse().ok())
    };
    DevPorts {
        public: port("SERVE_PUBLIC_PORT").unwrap_or(usual.public),
        admin: port("SERVE_ADMIN_PORT").unwrap_or(usual.admin),
    }
}

/// The folder for files of the server: as given, else as configured, else `./bia-data`. Made when it is missing.
pub(super) fn data_dir(given: Option<&Path>, configured: Option<&Path>) -> anyhow::Result<PathBuf> {
    let path = given.or(configured).unwrap_or(Path::new(DATA_DIR));
    let make = DirBuilder::new().recursive(true).mode(0o700).create(path);
    make.with_context(|| {
        format!(
            "The data folder {} cannot be made. Choose another with --data-dir.",
            path.display()
        )
    })?;
    Ok(path.to_owned())
}

/// Variables that are not Unicode text cannot name a key of the configuration.
fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn dev_secrets(data_dir: &Path) -> anyhow::Result<DevSecrets> {
    let path = data_dir.join(SECRETS);
    let about = || {
        format!(
            "The keys in {} cannot be used. Move the file away to get new ones.",
            path.display()
        )
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make_secrets(&path).with_context(about)?
        }
        Err(error) => return Err(error).with_context(about),
    };
    parse_secrets(&text).with_context(about)
}

/// Two lines: the key for cookies, the key for what is encrypted. Nobody but the owner can read the file.
fn make_secrets(path: &Path) -> anyhow::Result<String> {
    let text = format!("{}\n{}\n", alphanumeric(43), alphanumeric(32));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(text)
}

fn parse_secrets(text: &str) -> anyhow::Result<DevSecrets> {
    let mut lines = text.lines();
    match (lines.next(), lines.next()) {
        (Some(default), Some(cipher)) if default.len() >= 16 && cipher.len() == 32 => {
            Ok(DevSecrets {
                default: Secret::new(default.to_owned()),
                cipher: Secret::new(cipher.to_owned()),
            })
        }
        _ => anyhow::bail!("The file does not have its two lines."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_made_once_and_only_the_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let data = data_dir(Some(&folder.path().join("a/b")), None).unwrap();
        let first = dev_secrets(&data).unwrap();
        let again = dev_secrets(&data).unwrap();
        assert_eq!(
            (first.default.expose(), first.cipher.expose()),
            (again.default.expose(), again.cipher.expose())
        );
        assert_eq!(first.cipher.expose().len(), 32);
        let mode = std::fs::metadata(data.join(SECRETS))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_built_in_addresses_follow_the_ports_of_the_environment() {
        let env = [("SERVE_PUBLIC_PORT", "5000"), ("SERVE_ADMIN_PORT", "many")];
        let env: Vec<(String, String)> = env.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let ports = dev_ports(&env);
        assert_eq!((ports.public, ports.admin), (5000, 4434));
        let folder = tempfile::tempdir().unwrap();
        let secrets = dev_secrets(folder.path()).unwrap();
        let settings = dev_settings(folder.path(), &secrets, ports);
        let home = settings
            .expose()
            .pointer("/selfservice/default_browser_return_url")
            .cloned();
        assert_eq!(home, Some("http://127.0.0.1:5000/ui/".into()));
    }

    #[test]
    fn a_spoilt_file_is_named_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(SECRETS), "short\n").unwrap();
        let error = dev_secrets(folder.path()).unwrap_err();
        assert!(error.to_string().contains("secrets"), "{error}");
        assert_eq!(
            std::fs::read_to_string(folder.path().join(SECRETS)).unwrap(),
            "short\n"
        );
    }
}
