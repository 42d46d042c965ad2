use super::{Cache, engine};
use std::path::PathBuf;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("dossier-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The smallest component: a header and nothing else.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

fn compiled(folder: &std::path::Path) -> PathBuf {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|name| name == "compiled"))
        .unwrap()
}

#[test]
fn a_component_is_compiled_once_and_a_tampered_one_is_not_trusted() {
    let folder = folder("cache");
    let source = folder.join("empty.wasm");
    std::fs::write(&source, EMPTY).unwrap();
    let engine = engine().unwrap();
    let cache = Cache::open(&folder.join("cache")).unwrap();
    cache.load(&engine, &source).unwrap();
    let path = compiled(&folder.join("cache"));
    assert_eq!(cache.sealed(&path), Some(true));
    let first = std::fs::read(&path).unwrap();

    // Another process with the same key trusts it; one with another key, not.
    assert_eq!(Cache::open(&folder.join("cache")).unwrap().sealed(&path), Some(true));
    let stranger = Cache { folder: folder.join("cache"), key: [7; 32] };
    assert_eq!(stranger.sealed(&path), Some(false));

    let mut tampered = first.clone();
    *tampered.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &tampered).unwrap();
    assert_eq!(cache.sealed(&path), Some(false));
    cache.load(&engine, &source).unwrap();
    assert_eq!(cache.sealed(&path), Some(true));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_is_not_a_component_is_refused() {
    let folder = folder("nonsense");
    let source = folder.join("nonsense.wasm");
    std::fs::write(&source, b"nonsense").unwrap();
    let cache = Cache::open(&folder.join("cache")).unwrap();
    assert!(cache.load(&engine().unwrap(), &source).is_err());
    assert!(cache.load(&engine().unwrap(), &folder.join("absent.wasm")).is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}
