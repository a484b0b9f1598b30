//! Whether a SQLite database has changed, without asking it.
//!
//! In WAL mode the file `…-shm` begins with the header of the wal-index, 48 bytes and a copy of them
//! (<https://www.sqlite.org/walformat.html#the_wal_index_file_format>). Every commit, by whatever process, changes it
//! before anybody can see the commit's rows: it has a change counter, the last valid frame and its checksum. As
//! long as it is the same, whatever was read stays true.

#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::sync::{Arc, PoisonError, RwLock};

const HEADER_BYTES: usize = 48;

/// The state of a database; two that are equal mean that nothing was committed between.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp([u8; HEADER_BYTES]);

/// Reads the state of one database file.
pub(super) struct Watch {
    path: PathBuf,
    /// Other systems do not promise that a file reads as it is mapped; there the state is never known.
    #[cfg(target_os = "linux")]
    file: RwLock<Option<Arc<File>>>,
}

impl Watch {
    pub(super) fn new(database: &Path) -> Watch {
        let mut path = database.as_os_str().to_owned();
        path.push("-shm");
        Watch {
            path: path.into(),
            #[cfg(target_os = "linux")]
            file: RwLock::default(),
        }
    }

    /// The state now; `None` when it cannot be told, as while it changes.
    #[cfg(target_os = "linux")]
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let file = self.file()?;
        let mut both = [0; 2 * HEADER_BYTES];
        file.read_exact_at(&mut both, 0).ok()?;
        let (first, second) = both.split_at(HEADER_BYTES);
        // The copy is written before the header: when they differ, a commit is under way.
        (first == second && first.iter().any(|byte| *byte != 0))
            .then(|| first.try_into().ok().map(Stamp))?
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let _ = &self.path;
        None
    }

    /// The file, opened anew when SQLite has removed it meanwhile, as it does with the last connection.
    #[cfg(target_os = "linux")]
    fn file(&self) -> Option<Arc<File>> {
        let known = self
            .file
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(file) = known
            && file.metadata().ok()?.nlink() > 0
        {
            return Some(file);
        }
        let opened = Arc::new(File::open(&self.path).ok()?);
        *self.file.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&opened));
        Some(opened)
    }
}
