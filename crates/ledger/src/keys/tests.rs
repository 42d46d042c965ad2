pub mod of;

use super::*;

fn key(kind: Kind) -> SignerKey {
    SignerKey::from_seed("example.org/key", kind, &[7; 32]).unwrap()
}

#[test]
fn keys_go_both_ways() {
    for kind in [Kind::Log, Kind::Witness] {
        let key = key(kind);
        let again = SignerKey::parse(&format!("{}\n", key.to_text())).unwrap();
        assert_eq!(again.verifier(), key.verifier());
        let public = VerifierKey::parse(&key.verifier().to_string()).unwrap();
        assert_eq!(public, *key.verifier());
        assert_eq!(public.kind(), kind);
        assert!(!format!("{key:?}").contains(&encode(&[7; 32])[..20]));
    }
    assert_ne!(key(Kind::Log).verifier().id, key(Kind::Witness).verifier().id);
}

#[test]
fn a_private_key_of_the_go_package_is_read() {
    // The documentation of golang.org/x/mod/sumdb/note has this pair.
    let signer = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(SignerKey::parse(signer).unwrap().verifier().to_string(), verifier);
}

#[test]
fn a_cosignature_of_the_specification_has_its_form() {
    let key = key(Kind::Witness);
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let signed = message(Kind::Witness, text, 1_679_315_147);
    assert_eq!(signed, format!("cosignature/v1\ntime 1679315147\n{text}").into_bytes());
    let mut note = Note::new(text.to_owned());
    note.add([key.sign(text, 1_679_315_147).unwrap()]);
    assert_eq!(note.signatures[0].bytes.len(), 72);
    assert_eq!(key.verifier().verify(&note), Ok(Some(1_679_315_147)));
    // Another time, another text, another bit: none verifies.
    for at in 0..72 {
        let mut other = note.clone();
        other.signatures[0].bytes[at] ^= 1;
        assert_eq!(key.verifier().verify(&other), Err(Forged));
    }
    note.text.push_str("more\n");
    assert_eq!(key.verifier().verify(&note), Err(Forged));
}

#[test]
fn one_forged_line_spoils_the_note() {
    let key = key(Kind::Log);
    let text = "text\n";
    let good = key.sign(text, 0).unwrap();
    let bad = Signature { bytes: vec![0; 64], ..good.clone() };
    let note = Note { text: text.to_owned(), signatures: vec![good, bad] };
    assert_eq!(key.verifier().verify(&note), Err(Forged));
}

#[test]
fn what_is_no_key_is_refused() {
    let public = key(Kind::Log).verifier().to_string();
    let private = key(Kind::Log).to_text();
    for text in [
        &private,
        "",
        "a",
        "a+b",
        "a+00000000+",
        &public[1..],
        &public.replace('+', " "),
        &public.to_uppercase(),
    ] {
        assert!(VerifierKey::parse(text).is_err(), "{text}");
    }
    assert!(SignerKey::parse(&public).is_err());
    assert!(SignerKey::parse(&private[1..]).is_err());
    assert!(SignerKey::from_seed("with space", Kind::Log, &[1; 32]).is_err());
    // The neutral element verifies whatever anybody likes.
    let mut weak = vec![1_u8];
    weak.extend([1].into_iter().chain([0; 31]));
    let point = VerifyingKey::from_bytes(&weak[1..].try_into().unwrap()).unwrap();
    let weak = format!("a+{:08x}+{}", id("a", Kind::Log, &point), encode(&weak));
    assert_eq!(VerifierKey::parse(&weak), Err(BadKey("a weak key: anybody could sign with it")));
}
