use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;

use time::macros::datetime;

use crate::{Dsn, Store, migrate};

const NOW: time::OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

async fn opened(database: &Path) -> Store {
    let dsn = format!("sqlite://{}?_fk=true&mode=rwc", database.display());
    let store = Store::connect(&Dsn::parse(&dsn).unwrap(), Duration::ZERO).await;
    let store = store.unwrap();
    migrate::up(&store, NOW).await.unwrap();
    store
}

async fn change(store: &Store) {
    let mut conn = store.write().await.unwrap();
    conn.execute("DELETE FROM bia_migration_lock", &[])
        .await
        .unwrap();
    conn.execute(
        "INSERT INTO bia_migration_lock (id, holder, until) VALUES (2, 'x', '2026-01-01')",
        &[],
    )
    .await
    .unwrap();
}

/// Whether this process has SQLite's lock that says "somebody works with this file" (byte 128).
fn is_locked(shm: &Path) -> bool {
    let inode = format!(":{}", std::fs::metadata(shm).unwrap().ino());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    locks.lines().any(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let ours = fields.iter().any(|field| field.ends_with(&inode));
        ours && fields.ends_with(&["128", "128"])
    })
}

#[tokio::test]
async fn sqlite_keeps_its_locks_however_many_look_first() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..40 {
        let database = folder.path().join(format!("{round}.db"));
        let store = opened(&database).await;
        let shm = folder.path().join(format!("{round}.db-shm"));
        assert!(is_locked(&shm));
        let all = Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    all.wait();
                    assert!(store.stamp().is_some());
                });
            }
        });
        assert!(is_locked(&shm), "round {round}");
        let other = opened(&database).await;
        assert!(other.stamp().is_some());
        drop(other);
        assert!(is_locked(&shm), "after another store of the same file");
        store.close().await;
    }
}

#[tokio::test]
async fn a_file_that_lies_about_by_the_same_name_is_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.db"), folder.path().join("link.db"));
    let before = opened(&real).await;
    std::fs::copy(
        folder.path().join("real.db-shm"),
        folder.path().join("link.db-shm"),
    )
    .unwrap();
    before.close().await;
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let store = opened(&link).await;
    let first = store.stamp();
    change(&store).await;
    assert!(first.is_some() && first != store.stamp());
}
