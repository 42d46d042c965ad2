//! A person's record: homes, versions, the commit protocol, compartments.
pub mod table;
