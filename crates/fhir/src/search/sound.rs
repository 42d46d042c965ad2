//! How a name sounds to a French ear, for `phonetic`: names that are said alike
//! have one key (`Gauthier`, `Gautier`; `Lefebvre`, `Lefèvre`; `Beaudoin`,
//! `Baudouin`). R4 leaves the algorithm to the server.

/// Spellings and what they sound like, longest first.
const SPELLINGS: [(&str, &str); 24] = [
    ("eau", "o"),
    ("oin", "U"),
    ("ouin", "U"),
    ("bvr", "vr"),
    ("sch", "S"),
    ("tch", "S"),
    ("ain", "I"),
    ("ein", "I"),
    ("aux", "o"),
    ("au", "o"),
    ("ph", "f"),
    ("ch", "S"),
    ("sh", "S"),
    ("qu", "k"),
    ("ck", "k"),
    ("gu", "g"),
    ("ou", "u"),
    ("ai", "e"),
    ("ei", "e"),
    ("oe", "e"),
    ("in", "I"),
    ("im", "I"),
    ("en", "A"),
    ("em", "A"),
];

/// The key of a folded text: its words together, since spaces are not heard.
pub(crate) fn sound(folded: &str) -> String {
    let mut key = String::with_capacity(folded.len());
    for word in folded.split(' ') {
        key.push_str(&of_word(word));
    }
    key
}

fn of_word(word: &str) -> String {
    let mut heard = String::with_capacity(word.len());
    // Endings that are written and not said.
    let said = word.trim_end_matches(['e', 's', 't', 'd', 'x', 'z', 'h']);
    let mut rest = if said.len() < 2 { word } else { said };
    while let Some(letter) = rest.chars().next() {
        let spelling = SPELLINGS.iter().find(|(written, _)| rest.starts_with(written));
        let (length, sound) = match spelling {
            Some((written, sound)) => (written.len(), *sound),
            None => (letter.len_utf8(), rest.get(..letter.len_utf8()).unwrap_or_default()),
        };
        rest = rest.get(length..).unwrap_or_default();
        let soft = rest.starts_with(['e', 'i', 'y']);
        let sound = match sound {
            "h" => "",
            "c" if soft => "s",
            "c" | "q" => "k",
            "g" if soft => "j",
            "y" => "i",
            "z" => "s",
            "w" => "v",
            other => other,
        };
        if !heard.ends_with(sound) || sound.is_empty() {
            heard.push_str(sound);
        }
    }
    heard
}
