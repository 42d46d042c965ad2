//! Validation on write.
