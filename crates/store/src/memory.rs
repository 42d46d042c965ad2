//! The port in memory, for tests of the commit protocol.
