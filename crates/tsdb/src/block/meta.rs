//! `meta.json`: what a block says about itself.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Malformed, TsdbError};

/// More than any real `meta.json` has, by far.
const GREATEST_FILE: u64 = 64 << 20;

/// The contents of `meta.json`. Fields that are not known here are ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockMeta {
    /// The block's ULID, which is also the name of its folder.
    pub ulid: String,
    /// First instant of the block's time range in ms.
    pub min_time: i64,
    /// The instant after the last one of the block's time range in ms.
    pub max_time: i64,
    /// How much it holds.
    #[serde(default)]
    pub stats: BlockStats,
    /// Where it comes from.
    #[serde(default)]
    pub compaction: Compaction,
    /// Version of the format; always 1.
    pub version: i64,
    /// What Thanos knows about the block; absent in those of Prometheus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thanos: Option<Thanos>,
}

/// How much a block holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlockStats {
    /// Samples of all kinds.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_samples: u64,
    /// Float samples; 0 as well when the writer did not tell.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_float_samples: u64,
    /// Histogram samples; 0 as well when the writer did not tell.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_histogram_samples: u64,
    /// Series.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_series: u64,
    /// Chunks.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_chunks: u64,
    /// Deleted time ranges.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_tombstones: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with references")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Which blocks a block was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Compaction {
    /// How often its data was compacted; 1 when it was written from memory.
    pub level: i64,
    /// ULIDs of the level-1 blocks that it was made from.
    #[serde(deserialize_with = "null_as_default")]
    pub sources: Vec<String>,
    /// Whether all its samples are deleted, so that it may go.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deletable: bool,
    /// The blocks that were compacted into it.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub parents: Vec<BlockDesc>,
    /// Whether compacting it failed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// Words about its origin, such as `from-out-of-order`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub hints: Vec<String>,
}

/// Another block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlockDesc {
    /// Its ULID.
    pub ulid: String,
    /// First instant of its time range in ms.
    pub min_time: i64,
    /// The instant after the last one in ms.
    pub max_time: i64,
}

/// The part that Thanos, Cortex and Mimir add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thanos {
    /// External labels, which all series of the block have though the index does not say so.
    #[serde(deserialize_with = "null_as_default")]
    pub labels: BTreeMap<String, String>,
    /// Whether and how it was downsampled.
    #[serde(deserialize_with = "null_as_default")]
    pub downsample: Downsample,
    /// Which program wrote it.
    #[serde(deserialize_with = "null_as_default")]
    pub source: String,
}

/// The resolution of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Downsample {
    /// Distance of the samples in ms; 0 for raw data.
    pub resolution: i64,
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl BlockMeta {
    /// Reads the `meta.json` of a block's folder.
    ///
    /// # Errors
    /// When there is none, or it is not one of version 1.
    pub fn read(block: &Path) -> Result<Self, TsdbError> {
        let path = block.join("meta.json");
        let size = std::fs::metadata(&path).map_err(|e| TsdbError::io(&path, "read", e))?.len();
        if size > GREATEST_FILE {
            return Err(TsdbError::unsupported(&path, format!("{size} bytes are too many for a meta.json")));
        }
        let text = std::fs::read(&path).map_err(|e| TsdbError::io(&path, "read", e))?;
        Self::parse(&text).map_err(|e| e.in_file(&path))
    }

    /// Reads the text of a `meta.json`.
    ///
    /// # Errors
    /// When it is no JSON of that shape, or its version is not 1.
    pub fn parse(text: &[u8]) -> Result<Self, Malformed> {
        let meta: Self = serde_json::from_slice(text).map_err(|e| {
            Malformed::new(byte_of(text, e.line(), e.column()), format!("not a block's meta.json: {e}"))
        })?;
        if meta.version != 1 {
            return Err(Malformed::new(
                0,
                format!("meta.json has version {}, only 1 is known", meta.version),
            ));
        }
        if meta.max_time < meta.min_time {
            return Err(Malformed::new(0, "the time range of the block ends before it begins"));
        }
        Ok(meta)
    }

    /// The text of the file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("invariant: nothing in it cannot be JSON");
        text.push('\n');
        text
    }

    /// External labels, sorted by name, without those that Mimir and Cortex use among themselves.
    pub fn external_labels(&self) -> impl Iterator<Item = (&str, &str)> {
        const INTERNAL: [&str; 3] = ["__org_id__", "__compactor_shard_id__", "__ingester_id__"];
        let all = self.thanos.iter().flat_map(|thanos| &thanos.labels);
        all.map(|(name, value)| (&**name, &**value)).filter(|(name, _)| !INTERNAL.contains(name))
    }
}

fn byte_of(text: &[u8], line: usize, column: usize) -> usize {
    let start: usize =
        text.split_inclusive(|b| *b == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (start + column.saturating_sub(1)).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ULID: &str = "01HZZZZZZZZZZZZZZZZZZZZZZZ";

    #[test]
    fn prometheus_and_thanos_write_it() {
        let text = format!(
            r#"{{"ulid":"{ULID}","minTime":-5,"maxTime":7200000,"stats":{{"numSamples":3,"numSeries":2}},
            "compaction":{{"level":2,"sources":["{ULID}"],"parents":null,"hints":["from-out-of-order"]}},"version":1,
            "thanos":{{"version":1,"labels":{{"replica":"0","cluster":"a","__org_id__":"t"}},"source":"sidecar",
            "downsample":{{"resolution":300000}},"extensions":{{"x":[1]}}}},"future":true}}"#
        );
        let meta = BlockMeta::parse(text.as_bytes()).unwrap();
        assert_eq!((meta.min_time, meta.stats.num_series, meta.compaction.level), (-5, 2, 2));
        assert_eq!(meta.external_labels().collect::<Vec<_>>(), [("cluster", "a"), ("replica", "0")]);
        assert_eq!(meta.thanos.as_ref().unwrap().downsample.resolution, 300_000);
        assert_eq!(BlockMeta::parse(meta.to_json().as_bytes()), Ok(meta));
    }

    #[test]
    fn errors_tell_the_place() {
        let text = format!("{{\"ulid\":\"{ULID}\",\n\"minTime\": x}}");
        let error = BlockMeta::parse(text.as_bytes()).unwrap_err();
        assert_eq!(&text[error.offset as usize..][..1], "x");
        for (version, min, why) in [(2, 0, "version 2"), (1, 9, "ends before")] {
            let text = format!(r#"{{"ulid":"","minTime":{min},"maxTime":1,"version":{version}}}"#);
            assert!(BlockMeta::parse(text.as_bytes()).unwrap_err().message.contains(why));
        }
    }
}
