//! The limits on what is read: in one place, so that they can be read together.

/// Limits on one JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonLimits {
    /// How many objects and arrays may be open at once; the root counts as one.
    pub depth_max: usize,
    /// How many nodes the document may have: values and member names together.
    /// A node costs 16 bytes of memory beside the text.
    pub nodes_max: usize,
    /// How many bytes of UTF-8 the text may have; never above 4 GB, because
    /// spans are kept in 32 bits.
    pub text_bytes_max: usize,
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self { depth_max: 64, nodes_max: 8_000_000, text_bytes_max: 50 * 1024 * 1024 }
    }
}

impl JsonLimits {
    /// For a text that the server itself has put together: a Bundle of stored
    /// resources is deeper and larger than any one of them.
    pub fn of_answers() -> Self {
        let one = Self::default();
        Self {
            depth_max: one.depth_max + 8,
            nodes_max: one.nodes_max * 8,
            text_bytes_max: u32::MAX as usize,
        }
    }
}

/// Validation stops after so many issues: a caller mends the first ones first.
pub const ISSUES_MAX: usize = 20;

/// Elements that `_elements` may name.
pub const ELEMENTS_MAX: usize = 64;
/// Steps of one element's path in `_elements`.
pub const ELEMENT_STEPS_MAX: usize = 8;
/// Operations of one patch.
pub const PATCH_OPERATIONS_MAX: usize = 1_000;
/// Values that the operations of one patch may add, move and copy together.
pub const PATCH_NODES_MAX: usize = 1_000_000;
/// Bytes that a FHIRPath Patch may have read: the resource is read once for
/// each operation, because a path sees what those before it did.
pub const PATCH_WORK_BYTES_MAX: usize = 128 * 1024 * 1024;
/// `$validate` reports so many issues at most: errors first.
pub const REPORT_ISSUES_MAX: usize = 100;

/// Limits on FHIRPath: on what is parsed, and on what one evaluation may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FhirPathLimits {
    /// How many bytes an expression may have.
    pub text_bytes_max: usize,
    /// How deep its parts may be nested; evaluation recurses as deep.
    pub depth_max: usize,
    /// How many steps one evaluation may take: items touched, comparisons
    /// made, 16 bytes of text built or read. A step takes some 20 ns.
    pub steps_max: u64,
    /// How many bytes a compiled regular expression may take.
    pub regex_bytes_max: usize,
}

impl FhirPathLimits {
    /// The limits in use.
    pub const DEFAULT: Self = Self {
        text_bytes_max: 8 * 1024,
        depth_max: 64,
        steps_max: 2_000_000,
        regex_bytes_max: 256 * 1024,
    };
}

impl Default for FhirPathLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How many steps of FHIRPath all invariants of one resource may take
/// together. What is left unjudged then is kept, and `$validate` says so.
pub const INVARIANT_STEPS_MAX: u64 = 2_000_000;
