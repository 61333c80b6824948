//! Every PromQL function, aggregation and operator: signature, documentation, kernel.
