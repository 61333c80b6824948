//! Room on the stack for work that recurses as deep as a pattern nests.

/// Patterns with more nesting characters than this get a stack of their own.
const SHALLOW: usize = 64;
/// Enough for a tree of Go's maximum height in an unoptimised build, bytes.
const DEEP_STACK_BYTES: usize = 16 << 20;

/// Runs `work` on `pattern`, on a larger stack if the pattern may nest deeply.
///
/// Every level of a syntax tree costs one of the characters counted here, and the parser limits the height of trees.
pub(crate) fn with_room_for<T>(pattern: &str, work: impl FnOnce() -> T) -> T {
    let nesting = pattern.bytes().filter(|byte| matches!(byte, b'(' | b'*' | b'+' | b'?' | b'{')).count();
    if nesting > SHALLOW { stacker::grow(DEEP_STACK_BYTES, work) } else { work() }
}
