//! Folding of names as French is written: case, accents, ligatures,
//! apostrophes and hyphens do not tell two names apart.

/// Words in lower case without accents, one space between them. Apostrophes,
/// hyphens and other punctuation separate words; scripts other than Latin keep
/// their letters.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        match fold_char(letter) {
            Folded::Letters(letters) => folded.push_str(letters),
            Folded::Same(letter) => folded.extend(letter.to_lowercase()),
            Folded::Gap if folded.is_empty() || folded.ends_with(' ') => {}
            Folded::Gap => folded.push(' '),
            Folded::Nothing => {}
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// The folded text without its spaces: `Marie-Claude`, `Marie Claude` and
/// `MARIECLAUDE` become one.
pub fn squash(text: &str) -> String {
    let mut folded = fold(text);
    folded.retain(|letter| letter != ' ');
    folded
}

enum Folded {
    Letters(&'static str),
    Same(char),
    Gap,
    Nothing,
}

fn fold_char(letter: char) -> Folded {
    if letter.is_ascii_alphanumeric() {
        return Folded::Same(letter);
    }
    // Some signs, such as that of the ångström, are letters once in lower case.
    let small = || letter.to_lowercase().next().and_then(base_letters);
    if let Some(letters) = base_letters(letter).or_else(small) {
        return Folded::Letters(letters);
    }
    match letter {
        // Combining marks and the soft hyphen carry no letter of their own.
        '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' => Folded::Nothing,
        _ if letter.is_alphanumeric() => Folded::Same(letter),
        _ => Folded::Gap,
    }
}

/// Base letters of Latin-1 and Latin Extended-A, and of ligatures.
fn base_letters(letter: char) -> Option<&'static str> {
    Some(match letter {
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' => "a",
        'Æ' | 'æ' => "ae",
        'Ç' | 'ç' | 'Ć'..='č' => "c",
        'Ð' | 'ð' | 'Ď'..='đ' => "d",
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => "e",
        'Ĝ'..='ģ' => "g",
        'Ĥ'..='ħ' => "h",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => "i",
        'Ĳ' | 'ĳ' => "ij",
        'Ĵ' | 'ĵ' => "j",
        'Ķ'..='ĸ' => "k",
        'Ĺ'..='ł' => "l",
        'Ñ' | 'ñ' | 'Ń'..='ŋ' => "n",
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' | 'Ō'..='ő' => "o",
        'Œ' | 'œ' => "oe",
        'Ŕ'..='ř' => "r",
        'Ś'..='š' | 'ſ' => "s",
        'ß' | 'ẞ' => "ss",
        'Þ' | 'þ' => "th",
        'Ţ'..='ŧ' => "t",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => "u",
        'Ŵ' | 'ŵ' => "w",
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' => "y",
        'Ź'..='ž' => "z",
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        _ => return None,
    })
}
