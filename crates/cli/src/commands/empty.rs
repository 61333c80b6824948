//! Why a result is empty.

use crate::dataset::Dataset;
use crate::time::show_time;
use crate::when::When;

/// Why a result may be empty.
pub(crate) fn empty_text(dataset: &Dataset, when: When) -> String {
    let span = match dataset.storage().time_range() {
        Some(range) => {
            format!("the data reaches from {} to {}", show_time(range.start), show_time(range.end))
        }
        None => "no data is loaded".to_owned(),
    };
    format!("no series {}; {span}", when.describe())
}
