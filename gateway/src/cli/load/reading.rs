//! Files as a stream of pieces, one bundle in memory at a time.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::files::{self, Found, Packing, Shape};
use super::limits::BODY_BYTES_MAX;
use super::parcel::{NO_TYPE, Piece, Place, Sorting};

/// The pieces of files, one file after the other. Their weights are packed
/// bytes, and add up to the sizes of the files.
pub struct Pieces {
    files: VecDeque<Found>,
    lines: Option<Lines>,
    ready: VecDeque<Piece>,
}

impl Pieces {
    /// Of these files, in this order.
    pub fn new(files: Vec<Found>) -> Self {
        Self { files: files.into(), lines: None, ready: VecDeque::new() }
    }

    fn file(&mut self, file: Found) {
        let mut sorting = Sorting::new(file.path.display().to_string().into());
        let mut pieces = Vec::new();
        let taken = Arc::new(AtomicU64::new(0));
        match file.kind {
            None => pieces.push(sorting.unfit(
                Place::Whole,
                NO_TYPE,
                "Its name ends in neither .json nor .ndjson, with or without .gz or .bz2.".into(),
            )),
            Some((Shape::Json, packing)) => match whole(&file, packing, &taken) {
                Ok(text) => {
                    sorting.take(text, Place::Whole, &mut pieces);
                    sorting.rest(&mut pieces);
                }
                Err(error) => {
                    pieces.push(sorting.unfit(Place::Whole, NO_TYPE, unread(&error)));
                }
            },
            Some((Shape::Lines, packing)) => match files::open(&file.path, packing, &taken) {
                Ok(from) => {
                    let from = BufReader::with_capacity(64 * 1024, from);
                    let (told, bytes) = (0, file.bytes);
                    self.lines = Some(Lines { from, sorting, line: 0, taken, told, bytes });
                    return;
                }
                Err(error) => {
                    pieces.push(sorting.unfit(Place::Whole, NO_TYPE, unread(&error)));
                }
            },
        }
        weigh(&mut pieces, file.bytes);
        self.ready.extend(pieces);
    }
}

impl Iterator for Pieces {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(piece);
            }
            if let Some(lines) = &mut self.lines {
                let mut pieces = Vec::new();
                if !lines.next(&mut pieces) {
                    self.lines = None;
                }
                self.ready.extend(pieces);
            } else {
                let file = self.files.pop_front()?;
                self.file(file);
            }
        }
    }
}

/// Gives the weight to the last piece, so that it counts when all are done.
fn weigh(pieces: &mut Vec<Piece>, weight: u64) {
    match pieces.last_mut() {
        Some(Piece::Parcel(parcel)) => parcel.weight += weight,
        _ => pieces.push(Piece::Passed(weight)),
    }
}

fn unread(error: &io::Error) -> String {
    // What the system says of a file holds nothing of its content.
    format!("It cannot be read: {error}.")
}

fn whole(file: &Found, packing: Packing, taken: &Arc<AtomicU64>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let limit = BODY_BYTES_MAX as u64 + 1;
    files::open(&file.path, packing, taken)?.take(limit).read_to_end(&mut text)?;
    if text.len() > BODY_BYTES_MAX {
        return Err(io::Error::other(format!(
            "it is larger than the {BODY_BYTES_MAX} bytes that a door takes; make several of it"
        )));
    }
    Ok(text)
}

/// A file of lines that is being read.
struct Lines {
    from: BufReader<Box<dyn Read + Send>>,
    sorting: Sorting,
    line: u64,
    taken: Arc<AtomicU64>,
    told: u64,
    bytes: u64,
}

impl Lines {
    /// Reads on until there is a piece; false when the file has ended.
    fn next(&mut self, pieces: &mut Vec<Piece>) -> bool {
        while pieces.is_empty() {
            let mut text = Vec::new();
            match self.line(&mut text) {
                Ok(Line::Text) => {
                    let place = Place::Line(self.line);
                    if !text.iter().all(u8::is_ascii_whitespace) {
                        self.sorting.take(text, place, pieces);
                    }
                }
                Ok(Line::TooLong) => {
                    let reason = format!(
                        "The line is longer than the {BODY_BYTES_MAX} bytes that a door takes."
                    );
                    let place = Place::Line(self.line);
                    pieces.push(self.sorting.unfit(place, NO_TYPE, reason));
                }
                Ok(Line::End) => return self.end(pieces),
                Err(error) => {
                    let place = Place::Line(self.line);
                    pieces.push(self.sorting.unfit(place, NO_TYPE, unread(&error)));
                    return self.end(pieces);
                }
            }
        }
        let taken = self.taken.load(Ordering::Relaxed).min(self.bytes);
        weigh(pieces, taken.saturating_sub(self.told));
        self.told = taken.max(self.told);
        true
    }

    fn end(&mut self, pieces: &mut Vec<Piece>) -> bool {
        self.sorting.rest(pieces);
        weigh(pieces, self.bytes.saturating_sub(self.told));
        false
    }

    fn line(&mut self, text: &mut Vec<u8>) -> io::Result<Line> {
        self.line += 1;
        let limit = BODY_BYTES_MAX as u64 + 1;
        let count = self.from.by_ref().take(limit).read_until(b'\n', text)?;
        if count == 0 {
            return Ok(Line::End);
        }
        if text.last() == Some(&b'\n') {
            text.pop();
        } else if text.len() > BODY_BYTES_MAX {
            self.pass_line()?;
            return Ok(Line::TooLong);
        }
        Ok(Line::Text)
    }

    /// Reads to the end of the line without keeping it.
    fn pass_line(&mut self) -> io::Result<()> {
        loop {
            let held = self.from.fill_buf()?;
            let (pass, found) = match held.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (held.len(), held.is_empty()),
            };
            self.from.consume(pass);
            if found {
                return Ok(());
            }
        }
    }
}

enum Line {
    Text,
    TooLong,
    End,
}
