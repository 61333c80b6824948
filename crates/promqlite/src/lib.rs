//! PromQL as an embedded library.
