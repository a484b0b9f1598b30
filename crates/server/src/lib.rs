//! bia-server
