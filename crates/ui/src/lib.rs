//! bia-ui
