//! Why a commit is not made, and what its entry will say of that.

use contracts::Refusal;

/// A refusal on its way to the journal.
#[derive(Debug)]
pub(crate) struct Stop {
    /// What the caller is told.
    pub refusal: Box<Refusal>,
    /// The word for it, when it is a decision.
    pub reason: Option<&'static str>,
    /// Whose records it concerned.
    pub persons: Vec<String>,
}

impl Stop {
    /// With the persons whose records it concerned.
    pub fn concerning(mut self, persons: impl IntoIterator<Item = String>) -> Self {
        self.persons.extend(persons);
        self
    }

    /// With the refusal changed.
    pub fn map(self, change: impl FnOnce(Refusal) -> Refusal) -> Self {
        Self { refusal: Box::new(change(*self.refusal)), ..self }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self { refusal: Box::new(refusal), reason: None, persons: Vec::new() }
    }
}

impl From<(&'static str, Refusal)> for Stop {
    fn from((reason, refusal): (&'static str, Refusal)) -> Self {
        Self { reason: Some(reason), ..Self::from(refusal) }
    }
}
