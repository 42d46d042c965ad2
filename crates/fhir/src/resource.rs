//! A resource: its text, its type, its id.
