//! Unix sockets with an owner, a group and permission bits.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::account;

/// Removes the socket's file when the server ends.
pub(super) struct Unlink(pub(super) PathBuf);

impl Drop for Unlink {
    fn drop(&mut self) {
        // It may be gone already; there is nothing else to do about it.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Binds a socket. A file that an earlier process left behind is replaced; a socket that somebody serves is not.
pub(super) async fn bind(
    path: &Path,
    owner: Option<&str>,
    group: Option<&str>,
    mode: u32,
) -> io::Result<UnixListener> {
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_abandoned(path).await => {
            std::fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        other => other?,
    };
    let owner = owner.map(account::user_id).transpose()?;
    let group = group.map(account::group_id).transpose()?;
    if owner.is_some() || group.is_some() {
        std::os::unix::fs::chown(path, owner, group)?;
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode & 0o777))?;
    Ok(listener)
}

async fn is_abandoned(path: &Path) -> bool {
    matches!(UnixStream::connect(path).await, Err(error) if error.kind() == io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_left_behind_is_replaced_and_a_served_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bia.sock");
        let first = bind(&path, None, None, 0o600).await.unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let taken = bind(&path, None, None, 0o600).await.unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        drop(first);
        bind(&path, None, None, 0o755).await.unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o755
        );
    }

    #[tokio::test]
    async fn an_owner_that_does_not_exist_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = bind(
            &folder.path().join("s"),
            Some("nobody-of-that-name"),
            None,
            0o600,
        )
        .await
        .unwrap_err();
        assert!(error.to_string().contains("nobody-of-that-name"));
    }
}
