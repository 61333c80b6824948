//! Attributes as labels.

use crate::otlp::OtlpOptions;
use crate::otlp::model::{KeyValue, Resource, Scope, ScopeMetrics};
use crate::otlp::names::{OtlpNames, label_name};

/// Labels in no order, none twice and none empty.
pub(super) type Labels = Vec<(String, String)>;

/// Adds a label unless one of its name is there.
fn add(labels: &mut Labels, name: String, value: String) {
    if !value.is_empty() && !labels.iter().any(|(known, _)| *known == name) {
        labels.push((name, value));
    }
}

/// Sets a label, whatever its value was.
pub(super) fn set(labels: &mut Labels, name: &str, value: &str) {
    match labels.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => value.clone_into(known),
        None => labels.push((name.to_owned(), value.to_owned())),
    }
}

/// Attributes as labels. Where keys become equal, the values are joined in the order of the keys.
fn of_attributes<'a>(attributes: impl Iterator<Item = &'a KeyValue>, names: OtlpNames) -> Labels {
    let mut sorted: Vec<&KeyValue> = attributes.collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let mut labels: Labels = Vec::with_capacity(sorted.len() + 4);
    for attribute in sorted {
        let name = label_name(&attribute.key, names);
        let value = attribute.value.text();
        if name.is_empty() || name == "__name__" || value.is_empty() {
            continue;
        }
        match labels.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => {
                known.push(';');
                known.push_str(&value);
            }
            None => labels.push((name, value)),
        }
    }
    labels
}

/// The attributes that name a target.
const IDENTIFYING: [&str; 3] = ["service.namespace", "service.name", "service.instance.id"];

/// What a resource gives to its series.
#[derive(Debug, Default)]
pub(super) struct Target {
    job: String,
    instance: String,
    /// Promoted attributes.
    promoted: Labels,
    /// The labels of `target_info`; `None` if there is nothing to tell or nobody to tell it of.
    pub(super) info: Option<Labels>,
}

impl Target {
    pub(super) fn new(resource: Option<&Resource>, options: &OtlpOptions) -> Self {
        let attributes = resource.map_or(&[][..], |resource| &resource.attributes.0);
        let text = |key: &str| {
            attributes
                .iter()
                .find(|attribute| attribute.key == key)
                .map(|a| a.value.text())
                .unwrap_or_default()
        };
        let (namespace, name, instance) = (text(IDENTIFYING[0]), text(IDENTIFYING[1]), text(IDENTIFYING[2]));
        let job = match (namespace.is_empty(), name.is_empty()) {
            (false, false) => format!("{namespace}/{name}"),
            _ => name,
        };
        let promoted = attributes.iter().filter(|a| options.promoted_attributes.contains(&a.key));
        let others = attributes.iter().filter(|a| !IDENTIFYING.contains(&a.key.as_str()));
        let mut target = Self { job, instance, promoted: of_attributes(promoted, options.names), info: None };
        let mut info = of_attributes(others, options.names);
        let identified = !target.job.is_empty() || !target.instance.is_empty();
        if identified && !info.is_empty() {
            target.identify(&mut info);
            target.info = Some(info);
        }
        target
    }

    fn identify(&self, labels: &mut Labels) {
        for (name, value) in [("job", &self.job), ("instance", &self.instance)] {
            if !value.is_empty() {
                set(labels, name, value);
            }
        }
    }

    /// The labels of a point.
    pub(super) fn labels(&self, attributes: &[KeyValue], scope: &Labels, names: OtlpNames) -> Labels {
        let mut labels = of_attributes(attributes.iter(), names);
        for (name, value) in self.promoted.iter().chain(scope) {
            add(&mut labels, name.clone(), value.clone());
        }
        self.identify(&mut labels);
        labels
    }
}

/// The labels of a scope; none unless they are asked for.
pub(super) fn of_scope(metrics: &ScopeMetrics, options: &OtlpOptions) -> Labels {
    let mut labels = Labels::new();
    if !options.scope_labels {
        return labels;
    }
    let none = Scope::default();
    let scope = metrics.scope.as_ref().unwrap_or(&none);
    for (name, value) in
        [("name", &scope.name), ("version", &scope.version), ("schema_url", &metrics.schema_url)]
    {
        add(&mut labels, format!("otel_scope_{name}"), value.clone());
    }
    for attribute in &scope.attributes.0 {
        let name = label_name(&format!("otel_scope_{}", attribute.key), options.names);
        add(&mut labels, name, attribute.value.text());
    }
    labels
}
