//! bia-selfservice
