//! Files: syntaxes, order, what goes wrong with them.

use bia_config::{Flags, Sources};

use crate::{Folder, email_schema, kit_base, load};

fn sources(files: Vec<std::path::PathBuf>) -> Sources {
    Sources {
        files,
        ..Sources::default()
    }
}

#[tokio::test]
async fn later_files_win_key_by_key_and_lists_are_replaced() {
    let folder = Folder::new();
    let first = folder.write("1.json", &kit_base().to_string());
    let second = folder.write(
        "2.yaml",
        "session:\n  cookie: {name: second}\nsecrets:\n  default: [another-default-secret-0000]\n",
    );
    let third = folder.write("3.toml", "[session.cookie]\npath = \"/third\"\n");
    let config = load(&sources(vec![first, second, third])).await.unwrap();
    assert_eq!(config.session.cookie.name, "second");
    assert_eq!(config.session.cookie.path, "/third");
    assert_eq!(config.secrets.default.len(), 1);
    assert_eq!(
        config.secrets.default[0].expose(),
        "another-default-secret-0000"
    );
    assert_eq!(
        config.secrets.cookie[0].expose(),
        "conformance-cookie-secret-0000000"
    );
}

#[tokio::test]
async fn schemas_are_read_from_files() {
    let folder = Folder::new();
    let schema = folder.write("person.json", "{\"title\": \"From a file\"}");
    let mut base = kit_base();
    base["identity"]["schemas"][0]["url"] = format!("file://{}", schema.display()).into();
    let file = folder.write("kratos.json", &base.to_string());
    let config = load(&sources(vec![file.clone()])).await.unwrap();
    assert_eq!(config.identity.schemas[0].json["title"], "From a file");
    std::fs::remove_file(schema).unwrap();
    let findings = load(&sources(vec![file])).await.unwrap_err();
    assert!(
        findings
            .to_string()
            .contains("could not be loaded: the file cannot be read"),
        "{findings}"
    );
}

#[tokio::test]
async fn yaml_has_anchors_but_no_other_booleans_than_true_and_false() {
    let folder = Folder::new();
    let text = format!(
        "dsn: &memory memory\nversion: ''\nrevision: *memory\nselfservice:\n  default_browser_return_url: http://app.local/\n  flows:\n    login: &page {{lifespan: 5m}}\n    settings:\n      <<: *page\nidentity:\n  schemas:\n    - {{id: default, url: '{}'}}\ncourier: {{smtp: {{from_name: yes}}}}\n",
        email_schema()
    );
    let config = load(&sources(vec![folder.write("kratos.yml", &text)]))
        .await
        .unwrap();
    assert_eq!(config.courier.smtp.from_name, "yes");
    assert_eq!(config.revision(), "memory");
    assert_eq!(config.selfservice.flows.settings.lifespan.as_secs(), 300);
}

#[tokio::test]
async fn files_that_cannot_be_read_are_all_named() {
    let folder = Folder::new();
    let files = vec![
        folder.path().join("missing.yml"),
        folder.write("kratos.conf", "dsn: memory"),
        folder.write("broken.json", "{\"broken\": "),
        folder.write("broken.yml", "dsn: memory\n  bad: [\n"),
        folder.write("twice.yml", "dsn: memory\nlog: {}\ndsn: other\n"),
        folder.write("broken.toml", "dsn = \"memory\"\nlog = \n"),
        folder.write("list.yml", "- dsn\n"),
    ];
    let findings = load(&sources(files)).await.unwrap_err();
    assert_eq!(findings.0.len(), 7, "{findings}");
    let text = findings.to_string();
    for expected in [
        "missing.yml\n  The file cannot be read",
        "kratos.conf\n  The name of a configuration file says its syntax",
        "broken.json:1\n  The file is not well-formed JSON",
        "broken.yml:2\n  The file is not well-formed YAML",
        "twice.yml:3\n  The file is not well-formed YAML",
        "broken.toml:2\n  The file is not well-formed TOML",
        "list.yml:1\n  The file does not hold an object",
    ] {
        assert!(text.contains(expected), "{expected}\n--- in ---\n{text}");
    }
}

#[tokio::test]
async fn alias_bombs_end_in_a_finding() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let below = n - 1;
        let row = vec![format!("*a{below}"); 10].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{row}]\n"));
    }
    let folder = Folder::new();
    let findings = load(&sources(vec![folder.write("bomb.yml", &text)]))
        .await
        .unwrap_err();
    assert!(
        findings.to_string().contains("not well-formed YAML"),
        "{findings}"
    );
}

#[tokio::test]
async fn dev_in_a_file_has_no_effect_for_a_command_with_the_flag() {
    let folder = Folder::new();
    let first = folder.write("1.json", &kit_base().to_string());
    let second = folder.write("2.yml", "dev: true\n");
    let mut sources = sources(vec![first, second]);
    assert!(
        load(&sources).await.unwrap().dev,
        "a command without the flag believes the file"
    );
    sources.flags = Flags {
        dev: Some(false),
        ..Flags::default()
    };
    let config = load(&sources).await.unwrap();
    assert!(!config.dev);
    assert!(
        config
            .warnings()
            .to_string()
            .contains("2.yml:1: dev\n  This setting has no effect here"),
        "{}",
        config.warnings()
    );
}

/// The configuration of the clients in this repository; its schema is named relative to its folder.
#[tokio::test]
async fn the_configuration_of_the_clients_loads() {
    let clients = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients/config");
    let text = std::fs::read_to_string(clients.join("kratos.yml")).unwrap();
    let folder = Folder::new();
    let text = text.replace("file://./", &format!("file://{}/", clients.display()));
    let files = vec![
        folder.write("kratos.yml", &text),
        clients.join("overlay.passwordless.yml"),
    ];
    let config = load(&sources(files)).await.unwrap();
    assert_eq!(config.identity.schemas[0].id, "person");
    assert!(
        config.selfservice.methods.code.passwordless_enabled
            && config.selfservice.methods.webauthn.config.passwordless
    );
    assert!(
        config.serve.cors.enabled && config.serve.cors.origins.allows("http://localhost:17455")
    );
}
