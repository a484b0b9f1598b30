//! Whether a SQLite database has changed, without asking it.
//!
//! In WAL mode the file `…-shm` begins with the header of the wal-index, 48 bytes and a copy of them
//! (<https://www.sqlite.org/walformat.html#the_wal_index_file_format>). Every commit, by whatever process, changes it
//! before anybody can see the commit's rows: it has a change counter, the last valid frame and its checksum. As
//! long as it is the same, whatever was read stays true.
//!
//! Two things are to be minded. When a process closes any descriptor of a file it loses all of its locks on it, those of
//! SQLite, too (POSIX, fcntl): so there is one descriptor, which is closed only when the file is gone. And the file has
//! to be the one that SQLite works with here, not one that lies about by the same name: so it has to be mapped.

use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
pub(super) use linux::Watch;
#[cfg(not(target_os = "linux"))]
pub(super) use other::Watch;

const HEADER_BYTES: usize = 48;

/// The state of a database; two that are equal mean that nothing was committed between.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp([u8; HEADER_BYTES]);

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::os::unix::fs::{FileExt as _, MetadataExt as _};
    use std::sync::{Arc, PoisonError, RwLock};
    use std::time::{Duration, Instant};

    use super::{HEADER_BYTES, Path, PathBuf, Stamp};

    /// When a file that was not SQLite's is looked at again.
    const AGAIN: Duration = Duration::from_secs(1);

    /// Reads the state of one database file.
    pub(in super::super) struct Watch {
        database: PathBuf,
        opened: RwLock<Option<Opened>>,
    }

    struct Opened {
        file: Arc<File>,
        /// Whether SQLite works with it.
        mapped: bool,
        looked_at: Instant,
    }

    impl Opened {
        /// SQLite removes the file with the last connection.
        fn is_gone(&self) -> bool {
            self.file.metadata().is_ok_and(|data| data.nlink() == 0)
        }

        fn is_usable(&self) -> bool {
            self.mapped && !self.is_gone()
        }
    }

    impl Watch {
        pub(in super::super) fn new(database: &Path) -> Watch {
            Watch {
                database: database.to_owned(),
                opened: RwLock::default(),
            }
        }

        /// The state now; `None` when it cannot be told, as while it changes.
        pub(in super::super) fn stamp(&self) -> Option<Stamp> {
            let file = self.file()?;
            let mut both = [0; 2 * HEADER_BYTES];
            file.read_exact_at(&mut both, 0).ok()?;
            let (first, second) = both.split_at(HEADER_BYTES);
            // The copy is written before the header: when they differ, a commit is under way.
            (first == second && first.iter().any(|byte| *byte != 0))
                .then(|| first.try_into().ok().map(Stamp))?
        }

        fn file(&self) -> Option<Arc<File>> {
            let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
            match &*opened {
                Some(known) if known.is_usable() => return Some(Arc::clone(&known.file)),
                Some(other) if !other.mapped && other.looked_at.elapsed() < AGAIN => return None,
                _ => {}
            }
            drop(opened);
            self.look_again()
        }

        /// Opens the file, unless somebody else just did.
        fn look_again(&self) -> Option<Arc<File>> {
            let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
            if opened.as_ref().is_none_or(Opened::is_gone) {
                let file = File::open(self.path()?).ok()?;
                *opened = Some(Opened {
                    file: Arc::new(file),
                    mapped: false,
                    looked_at: Instant::now(),
                });
            }
            let known = opened.as_mut()?;
            known.mapped = is_mapped(&known.file);
            known.looked_at = Instant::now();
            known.mapped.then(|| Arc::clone(&known.file))
        }

        /// Where SQLite has it: beside the file that the name of the database leads to.
        fn path(&self) -> Option<PathBuf> {
            let mut path = std::fs::canonicalize(&self.database).ok()?.into_os_string();
            path.push("-shm");
            Some(path.into())
        }
    }

    impl Drop for Watch {
        /// Another store of this process may have the file open, with its locks.
        fn drop(&mut self) {
            let opened = self
                .opened
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(opened) = opened.take()
                && !opened.is_gone()
            {
                std::mem::forget(opened.file);
            }
        }
    }

    /// Whether this process has the file in its memory, as SQLite has that of each database with a write-ahead log.
    fn is_mapped(file: &File) -> bool {
        let (Ok(data), Ok(maps)) = (file.metadata(), std::fs::read_to_string("/proc/self/maps"))
        else {
            return false;
        };
        let inode = data.ino().to_string();
        maps.lines().any(|line| {
            let mut fields = line.split_ascii_whitespace().skip(4);
            fields.next() == Some(&inode) && fields.last().is_some_and(|end| end.ends_with("-shm"))
        })
    }
}

/// Other systems do not promise that a file reads as it is mapped; there the state is never known.
#[cfg(not(target_os = "linux"))]
mod other {
    use super::{Path, PathBuf, Stamp};

    pub(in super::super) struct Watch {
        _database: PathBuf,
    }

    impl Watch {
        pub(in super::super) fn new(database: &Path) -> Watch {
            Watch {
                _database: database.to_owned(),
            }
        }

        pub(in super::super) fn stamp(&self) -> Option<Stamp> {
            None
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
