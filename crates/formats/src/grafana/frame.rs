//! One data frame. Grafana writes it with schema and values apart, or (as a panel's data) with values in the fields.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A frame with every field's values.
#[derive(Debug)]
pub(super) struct Frame {
    /// What the frame holds beside series: `exemplar`, `heatmap-cells`.
    pub(super) kind: String,
    pub(super) fields: Vec<Field>,
}

/// One column.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Field {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) labels: Option<BTreeMap<String, String>>,
    config: Option<Config>,
    pub(super) values: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    #[serde(rename = "displayNameFromDS")]
    display_name_from_ds: Option<String>,
    display_name: Option<String>,
}

/// `schema` and `data`.
#[derive(Debug, Deserialize)]
struct Split {
    schema: Schema,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Schema {
    #[serde(default)]
    meta: Option<Meta>,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
struct Joined {
    #[serde(default)]
    meta: Option<Meta>,
    fields: Vec<Field>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Meta {
    #[serde(rename = "type")]
    kind: Option<String>,
    custom: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data {
    values: Vec<Vec<Value>>,
    entities: Option<Vec<Option<Entities>>>,
    bases: Option<Vec<Option<f64>>>,
    factors: Option<Vec<Option<f64>>>,
    enums: Option<Vec<Option<Vec<String>>>>,
}

/// Rows whose values JSON cannot say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entities {
    #[serde(rename = "NaN")]
    nan: Vec<usize>,
    #[serde(rename = "Inf")]
    inf: Vec<usize>,
    #[serde(rename = "NegInf")]
    neg_inf: Vec<usize>,
}

impl Frame {
    /// The frame, if the object is one; `Err` if it is a broken one.
    pub(super) fn of(value: &mut Value) -> Option<Result<Self, String>> {
        let object = value.as_object()?;
        let has_fields =
            |value: Option<&Value>| value.and_then(|v| v.get("fields")).is_some_and(Value::is_array);
        if has_fields(object.get("schema")) && object.get("data").is_some_and(Value::is_object) {
            let split = Split::deserialize(value.take());
            return Some(split.map_err(|e| e.to_string()).and_then(Split::join));
        }
        let values = |field: &Value| field.get("values").is_some_and(Value::is_array);
        let fields = object.get("fields")?.as_array()?;
        if fields.is_empty() || !fields.iter().all(values) {
            return None;
        }
        let joined = Joined::deserialize(value.take());
        Some(
            joined
                .map_err(|e| e.to_string())
                .map(|frame| Self { kind: kind_of(frame.meta), fields: frame.fields }),
        )
    }

    /// Rows of the longest field.
    pub(super) fn rows(&self) -> usize {
        self.fields.iter().map(|field| field.values.len()).max().unwrap_or(0)
    }
}

fn kind_of(meta: Option<Meta>) -> String {
    let meta = meta.unwrap_or_default();
    let custom = meta.custom.as_ref().and_then(|custom| custom.get("resultType")).and_then(Value::as_str);
    match custom {
        Some("exemplar") => "exemplar".to_owned(),
        _ => meta.kind.unwrap_or_default(),
    }
}

impl Field {
    /// The legend, which the data source or the user gave.
    pub(super) fn display_name(&self) -> Option<&str> {
        let config = self.config.as_ref()?;
        let name = config.display_name_from_ds.as_deref().or(config.display_name.as_deref())?;
        (!name.is_empty()).then_some(name)
    }
}

impl Split {
    fn join(self) -> Result<Frame, String> {
        let Self { schema, mut data } = self;
        let count = schema.fields.len();
        if !data.values.is_empty() && data.values.len() != count {
            return Err(format!("a frame of {count} fields with {} columns of values", data.values.len()));
        }
        data.values.resize_with(count, Vec::new);
        let mut fields = schema.fields;
        for (i, (field, values)) in fields.iter_mut().zip(data.values).enumerate() {
            field.values = values;
            let enums = item(&data.enums, i);
            let (base, factor) = (item(&data.bases, i), item(&data.factors, i));
            for value in &mut field.values {
                if let (Some(names), Some(index)) = (enums, value.as_u64()) {
                    *value = usize::try_from(index).ok().and_then(|i| names.get(i)).cloned().into();
                } else if let (true, Some(number)) = (base.is_some() || factor.is_some(), value.as_f64()) {
                    *value = (number * factor.copied().unwrap_or(1.0) + base.copied().unwrap_or(0.0)).into();
                }
            }
            if let Some(entities) = item(&data.entities, i) {
                for (rows, text) in
                    [(&entities.nan, "NaN"), (&entities.inf, "+Inf"), (&entities.neg_inf, "-Inf")]
                {
                    for &row in rows {
                        let value = field.values.get_mut(row);
                        *value.ok_or("an entity of a row that is not there")? = text.into();
                    }
                }
            }
        }
        Ok(Frame { kind: kind_of(schema.meta), fields })
    }
}

fn item<T>(list: &Option<Vec<Option<T>>>, i: usize) -> Option<&T> {
    list.as_ref()?.get(i)?.as_ref()
}
