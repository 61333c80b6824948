//! Values of attributes.

use serde::Deserialize;

use crate::json::number::Number;
use crate::otlp::model::{KeyValue, List, Signed};

/// A value of any type; nested as deep as the JSON parser allows.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AnyValue {
    #[serde(alias = "string_value")]
    string_value: Option<String>,
    #[serde(alias = "bool_value")]
    bool_value: Option<bool>,
    #[serde(alias = "int_value")]
    int_value: Option<Signed>,
    #[serde(alias = "double_value")]
    double_value: Option<Number>,
    /// Base 64 already.
    #[serde(alias = "bytes_value")]
    bytes_value: Option<String>,
    #[serde(alias = "array_value")]
    array_value: Option<Values<Self>>,
    #[serde(alias = "kvlist_value")]
    kvlist_value: Option<Values<KeyValue>>,
}

#[derive(Debug, Deserialize)]
struct Values<T> {
    #[serde(default = "List::empty")]
    values: List<T>,
}

impl AnyValue {
    /// The value as the text of a label: strings as they are, lists and maps as JSON.
    pub(super) fn text(&self) -> String {
        if let Some(text) = self.string_value.as_ref().or(self.bytes_value.as_ref()) {
            return text.clone();
        }
        match self.json() {
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    fn json(&self) -> serde_json::Value {
        if let Some(text) = self.string_value.as_ref().or(self.bytes_value.as_ref()) {
            return text.as_str().into();
        }
        if let Some(value) = self.bool_value {
            return value.into();
        }
        if let Some(value) = self.int_value {
            return value.0.into();
        }
        if let Some(Number(value)) = self.double_value {
            return if value.is_finite() { number_json(value) } else { value.to_string().into() };
        }
        if let Some(list) = &self.array_value {
            return list.values.0.iter().map(Self::json).collect::<Vec<_>>().into();
        }
        match &self.kvlist_value {
            Some(map) => {
                let pairs = map.values.0.iter().map(|pair| (pair.key.clone(), pair.value.json()));
                serde_json::Value::Object(pairs.collect())
            }
            None => serde_json::Value::Null,
        }
    }
}

/// Whole numbers without a point, as Go's encoder writes them.
fn number_json(value: f64) -> serde_json::Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { (value as i64).into() } else { value.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (json, text) in [
            (r#"{"stringValue":"a\"b"}"#, "a\"b"),
            (r#"{"boolValue":true}"#, "true"),
            (r#"{"intValue":"-7"}"#, "-7"),
            (r#"{"int_value":7}"#, "7"),
            (r#"{"doubleValue":1.5}"#, "1.5"),
            (r#"{"doubleValue":2}"#, "2"),
            (r#"{"bytesValue":"AQI="}"#, "AQI="),
            (r#"{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":1},{}]}}"#, r#"["a",1,null]"#),
            (
                r#"{"kvlistValue":{"values":[{"key":"b","value":{"boolValue":false}},{"key":"a"}]}}"#,
                r#"{"a":null,"b":false}"#,
            ),
            (r#"{"arrayValue":{}}"#, "[]"),
            ("{}", ""),
        ] {
            assert_eq!(serde_json::from_str::<AnyValue>(json).unwrap().text(), text, "{json}");
        }
    }
}
