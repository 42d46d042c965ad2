//! Refusals, and the one place where they become HTTP.
