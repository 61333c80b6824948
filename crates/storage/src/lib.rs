//! Where series come from: the Storage trait, an in-memory store, merged stores, a conformance suite.
