//! Faults wrapped around a table: what DynamoDB does and the embedded store does not.
