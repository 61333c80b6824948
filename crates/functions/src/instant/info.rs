//! `info`

use promqlite_model::ValueType::Vector;

use crate::{Doc, Function, Kernel, MetricNameRule};

pub(super) static INFO: Function = Function {
    name: "info",
    experimental: true,
    args: &[Vector, Vector],
    variadic: 1,
    returns: Vector,
    metric_name: MetricNameRule::Keep,
    doc: Doc {
        summary: "Adds the labels of info metrics that share instance and job.",
        example: r#"info(rate(http_requests_total[5m]), {k8s_cluster_name=~".+"})"#,
    },
    kernel: Kernel::Info,
};
