//! Sees that configuration files change.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{Event, RecursiveMode, Watcher as _};
use tokio::{sync::mpsc, task::JoinHandle, time};

use super::{ConfigHandle, Reloaded};
use crate::{SchemaCheck, Sources};

/// How long files have to be left alone before they are read: editors and volume mounts write in steps.
const QUIET: Duration = Duration::from_millis(200);

/// The longest time that a restless folder can put a reload off.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often the files are compared all the same: some file systems (network, some containers) tell nothing.
const POLL: Duration = Duration::from_secs(10);

/// The folders of the configuration cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("changes of the configuration files cannot be seen: {0}")]
pub struct WatchError(#[from] notify::Error);

/// Watches the files until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    task: JoinHandle<()>,
    // Only kept: dropping it ends the notifications.
    _notifications: Option<notify::RecommendedWatcher>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Watches the files of `sources` and reloads `handle` when their contents change; `report` is told how each
/// reload ended.
///
/// The folders are watched, not the files: editors and Kubernetes replace files (there by swapping a symbolic
/// link beside them) instead of writing into them. Without files nothing is watched.
///
/// Must be called within a Tokio runtime.
///
/// # Errors
/// [`WatchError`] when the system refuses to watch a folder.
pub fn watch(
    sources: Sources,
    handle: Arc<ConfigHandle>,
    check_schema: Arc<SchemaCheck>,
    report: impl Fn(Reloaded) + Send + Sync + 'static,
) -> Result<Watcher, WatchError> {
    let files = Files::new(&sources.files);
    let (sender, changes) = mpsc::channel(1);
    let notifications = (!sources.files.is_empty())
        .then(|| notifications(&files, sender))
        .transpose()?;
    let reloader = Reloader {
        sources,
        handle,
        check_schema,
        report,
    };
    Ok(Watcher {
        task: tokio::spawn(follow(files, changes, reloader)),
        _notifications: notifications,
    })
}

struct Reloader<R> {
    sources: Sources,
    handle: Arc<ConfigHandle>,
    check_schema: Arc<SchemaCheck>,
    report: R,
}

async fn follow<R: Fn(Reloaded)>(
    mut files: Files,
    mut changes: mpsc::Receiver<()>,
    reloader: Reloader<R>,
) {
    loop {
        match time::timeout(POLL, changes.recv()).await {
            Ok(Some(())) => settle(&mut changes).await,
            // No files, so no notifications: nothing will ever change.
            Ok(None) => return,
            Err(_) => {}
        }
        if files.have_changed() {
            let Reloader {
                sources,
                handle,
                check_schema,
                report,
            } = &reloader;
            report(handle.reload(sources, check_schema.as_ref()).await);
        }
    }
}

/// Waits until nothing has happened for a while.
async fn settle(changes: &mut mpsc::Receiver<()>) {
    let quiet = async { while let Ok(Some(())) = time::timeout(QUIET, changes.recv()).await {} };
    // Out of patience, the files are read as they are; should they be half-written, more notifications follow.
    let _ = time::timeout(PATIENCE, quiet).await;
}

fn notifications(
    files: &Files,
    sender: mpsc::Sender<()>,
) -> Result<notify::RecommendedWatcher, notify::Error> {
    let names = files.names();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| concerns(&event, &names)) {
            // A full channel already holds the news.
            let _ = sender.try_send(());
        }
    })?;
    for folder in files.folders() {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

/// Whether an event is about one of the files, or about something that they may be reached through. Reading is
/// no news; other files of the folder (a database, say) are none, either.
fn concerns(event: &Event, names: &HashSet<OsString>) -> bool {
    let concerns_path = |path: &PathBuf| {
        let named = path.file_name().is_some_and(|name| names.contains(name));
        named || fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink() || data.is_dir())
    };
    !event.kind.is_access() && event.paths.iter().any(concerns_path)
}

/// The files and what was in them last.
struct Files {
    paths: Vec<PathBuf>,
    contents: Vec<Option<Vec<u8>>>,
}

impl Files {
    fn new(paths: &[PathBuf]) -> Self {
        let mut files = Self {
            paths: paths.to_vec(),
            contents: Vec::new(),
        };
        files.have_changed();
        files
    }

    /// Whether any file has other contents than at the last call.
    fn have_changed(&mut self) -> bool {
        let now: Vec<_> = self.paths.iter().map(|path| digest(path)).collect();
        let changed = now != self.contents;
        self.contents = now;
        changed
    }

    /// The names of the files, also behind symbolic links.
    fn names(&self) -> HashSet<OsString> {
        let real = self
            .paths
            .iter()
            .filter_map(|path| path.canonicalize().ok());
        let all = self.paths.iter().cloned().chain(real);
        all.filter_map(|path| path.file_name().map(ToOwned::to_owned))
            .collect()
    }

    /// The folders to watch: where the files are named, and where they really are.
    fn folders(&self) -> HashSet<PathBuf> {
        let real = self
            .paths
            .iter()
            .filter_map(|path| path.canonicalize().ok());
        let all = self.paths.iter().cloned().chain(real);
        all.filter_map(|path| path.parent().map(folder)).collect()
    }
}

/// The parent of a bare file name is the empty path, which means the working directory.
fn folder(parent: &Path) -> PathBuf {
    if parent.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        parent.to_path_buf()
    }
}

/// A digest, so that no copy of the secrets in a file stays in memory. `None` for a file that is not there.
fn digest(path: &Path) -> Option<Vec<u8>> {
    let bytes = zeroize::Zeroizing::new(fs::read(path).ok()?);
    Some(
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes)
            .as_ref()
            .to_vec(),
    )
}
