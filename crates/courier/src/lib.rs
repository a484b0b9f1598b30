//! bia-courier
