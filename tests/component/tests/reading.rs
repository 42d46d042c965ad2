//! The readers themselves, on small inputs.

use component::{is_types_only, outside, worlds};

#[test]
fn a_world_is_read_with_its_walls() {
    let read = worlds(
        "package a:b@0.1.0;\n/// doc\nworld one {\n  import a:%b/c@0.1.0;\n  export a:b/d@0.1.0;\n}\nworld two {\n}\n",
    )
    .expect("worlds");
    assert_eq!(read.len(), 2);
    assert!(read["one"].imports.contains("a:b/c@0.1.0"));
    assert!(read["one"].exports.contains("a:b/d@0.1.0"));
    assert!(read["two"].imports.is_empty());
}

#[test]
fn what_is_no_world_or_no_component_is_refused() {
    assert!(worlds("world one {\n  include other;\n}").is_err());
    assert!(worlds("import a:b/c;").is_err());
    assert!(outside(b"not a component").is_err());
}

#[test]
fn imports_of_nested_components_are_not_the_outer_ones() {
    // (component (component (import "a:b/inner" (instance))) (import "a:b/outer" (instance)))
    let bytes = [
        b"\0asm\x0d\0\x01\0".as_slice(),
        b"\x04\x1d\0asm\x0d\0\x01\0\x07\x03\x01\x42\0\x0a\x0e\x01\0\x09a:b/inner\x05\0".as_slice(),
        b"\x07\x03\x01\x42\0\x0a\x0e\x01\0\x09a:b/outer\x05\0".as_slice(),
    ]
    .concat();
    let read = outside(&bytes).expect("a component");
    assert_eq!(read.imports.into_iter().collect::<Vec<_>>(), ["a:b/outer"]);
}

#[test]
fn interfaces_of_types_give_no_power() {
    assert!(is_types_only("dossier:record/types@0.1.0"));
    assert!(!is_types_only("dossier:record/commits@0.1.0"));
}
