//! `bia version`.

/// Prints release, commit and time of the build.
pub(super) fn print() -> anyhow::Result<()> {
    println!("Version:\t\t{}", crate::version::VERSION);
    println!("Build Commit:\t\t{}", crate::version::COMMIT);
    println!("Build Timestamp:\t{}", crate::version::BUILT_AT);
    Ok(())
}
