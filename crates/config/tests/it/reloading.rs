//! Files that change while the server runs.

use std::{fs, os::unix::fs::symlink, path::PathBuf, sync::Arc, time::Duration};

use bia_config::{Config, ConfigHandle, Page, Reloaded, Sources, Watcher, section::log::LogLevel};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

use crate::{Folder, kit_base, load, with};

struct Watched {
    handle: Arc<ConfigHandle>,
    reports: mpsc::UnboundedReceiver<Reloaded>,
    _watcher: Watcher,
}

impl Watched {
    async fn new(file: PathBuf) -> Self {
        let sources = Sources {
            files: vec![file],
            ..Sources::default()
        };
        let handle = Arc::new(ConfigHandle::new(load(&sources).await.unwrap()));
        let (sender, reports) = mpsc::unbounded_channel();
        let report = move |reloaded| drop(sender.send(reloaded));
        let watcher = bia_config::watch(
            sources,
            Arc::clone(&handle),
            Arc::new(|_: &_| Ok(())),
            report,
        )
        .unwrap();
        Self {
            handle,
            reports,
            _watcher: watcher,
        }
    }

    async fn report(&mut self) -> Reloaded {
        timeout(Duration::from_secs(20), self.reports.recv())
            .await
            .expect("a reload within 20 seconds")
            .unwrap()
    }

    fn login(&self) -> String {
        self.handle.load().ui_url(Page::Login).as_str().to_owned()
    }
}

fn at_login(url: &str) -> Value {
    with(
        kit_base(),
        json!({"selfservice": {"flows": {"login": {"ui_url": url}}}}),
    )
}

#[tokio::test]
async fn a_changed_file_is_taken_over_and_a_broken_one_is_not() {
    let folder = Folder::new();
    let file = folder.write("kratos.json", &kit_base().to_string());
    let mut watched = Watched::new(file).await;
    assert_eq!(watched.login(), "http://app.local/login");

    folder.write(
        "kratos.json",
        &at_login("http://new.local/login").to_string(),
    );
    assert!(matches!(watched.report().await, Reloaded::Swapped(_)));
    assert_eq!(watched.login(), "http://new.local/login");
    assert!(watched.handle.last_failure().is_none());

    folder.write("kratos.json", "{\"broken\": ");
    let Reloaded::Kept(findings) = watched.report().await else {
        unreachable!("a broken file was taken over")
    };
    assert!(
        findings.to_string().contains("not well-formed JSON"),
        "{findings}"
    );
    assert_eq!(watched.login(), "http://new.local/login");

    folder.write(
        "kratos.json",
        &with(
            at_login("http://bad.local/login"),
            json!({"nonsense": {"key": 1}}),
        )
        .to_string(),
    );
    let Reloaded::Kept(findings) = watched.report().await else {
        unreachable!("an unknown key was taken over")
    };
    assert!(findings.to_string().contains("nonsense"), "{findings}");
    assert!(watched.handle.last_failure().is_some());

    folder.write(
        "kratos.json",
        &at_login("http://good.local/login").to_string(),
    );
    assert!(matches!(watched.report().await, Reloaded::Swapped(_)));
    assert_eq!(watched.login(), "http://good.local/login");
    assert!(watched.handle.last_failure().is_none());
}

#[tokio::test]
async fn a_file_that_is_replaced_by_renaming_is_seen() {
    let folder = Folder::new();
    let file = folder.write("kratos.json", &kit_base().to_string());
    let mut watched = Watched::new(file.clone()).await;
    let new = folder.write(
        "kratos.json.tmp",
        &at_login("http://new.local/login").to_string(),
    );
    fs::rename(new, file).unwrap();
    assert!(matches!(watched.report().await, Reloaded::Swapped(_)));
    assert_eq!(watched.login(), "http://new.local/login");
}

/// Kubernetes mounts `kratos.json → ..data/kratos.json` and `..data → ..<time>`, and swaps `..data`.
#[tokio::test]
async fn a_mounted_file_that_is_swapped_by_a_link_is_seen() {
    let folder = Folder::new();
    let at = |name: &str| folder.path().join(name);
    for (version, config) in [
        ("..1", kit_base()),
        ("..2", at_login("http://new.local/login")),
    ] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("kratos.json"), config.to_string()).unwrap();
    }
    symlink("..1", at("..data")).unwrap();
    symlink("..data/kratos.json", at("kratos.json")).unwrap();
    let mut watched = Watched::new(at("kratos.json")).await;
    symlink("..2", at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();
    assert!(matches!(watched.report().await, Reloaded::Swapped(_)));
    assert_eq!(watched.login(), "http://new.local/login");
}

#[tokio::test]
async fn what_is_bound_to_the_process_stays_as_at_start() {
    let folder = Folder::new();
    let file = folder.write("kratos.json", &kit_base().to_string());
    let sources = Sources {
        files: vec![file],
        ..Sources::default()
    };
    let handle = ConfigHandle::new(load(&sources).await.unwrap());
    let over = json!({
        "dsn": "sqlite:///elsewhere", "log": {"level": "debug"}, "session": {"lifespan": "1h"},
        "serve": {"public": {"port": 5555, "base_url": "http://other.local/"}},
    });
    folder.write("kratos.json", &with(kit_base(), over).to_string());
    let Reloaded::Swapped(findings) = handle.reload(&sources, &|_| Ok(())).await else {
        unreachable!("it is right")
    };
    let keys: Vec<&str> = findings
        .iter()
        .map(|finding| finding.key.as_str())
        .collect();
    assert_eq!(keys, ["dsn", "log", "serve.public.host"]);
    let (now, start): (Arc<Config>, _) = (handle.load(), Config::from_json(kit_base()).unwrap());
    assert_eq!((&now.dsn, now.log.level), (&start.dsn, LogLevel::Error));
    assert_eq!(now.serve.public.bind, start.serve.public.bind);
    assert_eq!(
        now.serve.public.base_url_text, "http://other.local/",
        "addresses follow"
    );
    assert_eq!(now.session.lifespan, Duration::from_secs(3600));
}

#[tokio::test]
async fn an_untouched_configuration_is_not_reloaded() {
    let folder = Folder::new();
    let text = kit_base().to_string();
    let file = folder.write("kratos.json", &text);
    let mut watched = Watched::new(file).await;
    folder.write("kratos.json", &text);
    folder.write("database.sqlite", "busy");
    assert!(
        timeout(Duration::from_secs(1), watched.reports.recv())
            .await
            .is_err()
    );
}
