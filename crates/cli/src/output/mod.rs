//! Results and lists on standard output, in a pager or in files, and what is said about them on standard error.

mod destination;
mod drawing;
mod markdown;
mod page;
mod pager;
mod profile;
mod profile_json;
mod show;
mod table;

pub(crate) use destination::Destination;
pub(crate) use drawing::can_draw;
pub(crate) use page::{Page, Screen, to_stdout, to_text};
pub(crate) use profile_json::analysis_json;
pub(crate) use show::{Shape, is_empty, show, show_error, show_stats, write_analysis};
pub(crate) use table::{align_right, new_table, one_line, write_table};
