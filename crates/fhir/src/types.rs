//! The resource types of R4.
