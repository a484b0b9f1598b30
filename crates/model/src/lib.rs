//! bia-model
