//! Nothing is here but the test: `tests/agreement.rs` puts random requests
//! before `access::decision` and before the policies of `policies.cedar`.
