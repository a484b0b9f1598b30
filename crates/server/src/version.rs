//! Which build this is.

/// The release, as `bia version`, `/version` and the metrics tell it: `v` and a semantic version.
pub const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// The commit that was built, when the build was told by `BIA_COMMIT`.
pub const COMMIT: &str = match option_env!("BIA_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// When it was built, when the build was told by `BIA_BUILT_AT`.
pub const BUILT_AT: &str = match option_env!("BIA_BUILT_AT") {
    Some(time) => time,
    None => "unknown",
};
