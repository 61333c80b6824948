//! Grafana's data frames as JSON: the query inspector's response, `/api/ds/query`, and a panel's data.
//!
//! | module | does |
//! |---|---|
//! | `frame` | the JSON of one frame, in both forms |
//! | `series` | a frame's fields → series and samples |
//! | `read` | a document → frames |

mod frame;
mod read;
mod series;

pub(crate) use read::{looks_like_frames, read_grafana};
