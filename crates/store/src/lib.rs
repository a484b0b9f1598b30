//! bia-store
