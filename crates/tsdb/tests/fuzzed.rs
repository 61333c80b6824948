//! Bytes that fuzzing once found a panic with. They are read, or an error tells what is wrong.

use promqlite_model::{SampleBuf, TimeRange};
use promqlite_tsdb::Encoding;
use promqlite_tsdb::chunk::decode;

/// What is said of a chunk that cannot be decoded.
fn refused(encoding: Encoding, data: &[u8]) -> String {
    decode(encoding, data, TimeRange::ALL, &mut SampleBuf::default()).unwrap_err().message.into_owned()
}

#[test]
fn chunk_with_the_least_schema_that_64_bits_hold() {
    let data = b"\x7f\x80\x01\x2f\xff\x80\0\0\0\0\0\0\0\x94\xa5\x78\xab\x31\x8f\xf0\0\x0c\x5e\x85\x91\x75\xcf\x7e\x38\xc8\x80\
                 \xd8\x40\0\0\0\0\x01\xc6\x53\x8c\xbf\xbf\xce\xc0";
    assert!(refused(Encoding::HistogramSt, data).contains("schema"));
}
