//! Lines of comma-separated values (RFC 4180).

/// One line, with its end. A value that a spreadsheet would take for a formula
/// is given an apostrophe before it: callers choose some of what stands here.
pub fn line<'v>(values: impl IntoIterator<Item = &'v str>) -> String {
    let mut line = String::new();
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        let guarded = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let quoted = value.contains([',', '"', '\r', '\n']);
        if quoted {
            line.push('"');
        }
        if guarded {
            line.push('\'');
        }
        line.push_str(&if quoted { value.replace('"', "\"\"") } else { value.to_owned() });
        if quoted {
            line.push('"');
        }
    }
    line.push_str("\r\n");
    line
}

/// The records of a text, each its values. `None` when it is no such text.
pub fn records(text: &str) -> Option<Vec<Vec<String>>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut value = String::new();
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match (quoted, letter) {
            (true, '"') if letters.peek() == Some(&'"') => {
                letters.next();
                value.push('"');
            }
            (true, '"') => {
                quoted = false;
                if !matches!(letters.peek(), None | Some(',' | '\r')) {
                    return None;
                }
            }
            (true, other) => value.push(other),
            (false, '"') if value.is_empty() => quoted = true,
            (false, '"') => return None,
            (false, ',') => record.push(std::mem::take(&mut value)),
            (false, '\r') if letters.next() == Some('\n') => {
                record.push(std::mem::take(&mut value));
                records.push(std::mem::take(&mut record));
            }
            (false, '\r' | '\n') => return None,
            (false, other) => value.push(other),
        }
    }
    let ended = !quoted && value.is_empty() && record.is_empty();
    ended.then_some(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let hard = ["", "a", "a,b", "say \"no\"", "two\r\nlines", "é « à »", "\""];
        let text = line(hard) + &line(["1", "2", "3", "4", "5", "6", "7"]);
        let read = records(&text).unwrap();
        assert_eq!(read[0], hard);
        assert_eq!(read[1].len(), 7);
        for broken in ["a", "a\n", "\"a\r\n", "a\"b\r\n", "\"a\"b\r\n"] {
            assert_eq!(records(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn a_formula_is_text() {
        assert_eq!(line(["=1+1", "-2", "a=b"]), "'=1+1,'-2,a=b\r\n");
    }
}
