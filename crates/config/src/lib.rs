//! bia-config
