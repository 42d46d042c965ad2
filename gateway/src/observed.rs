//! What is learnt of a request while it is answered: for counts and traces, and
//! nothing of a person. It goes with the task, so that the walls and the tables
//! need not be told whose request they serve.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Instant;

use access::entry::Entry;

use crate::trace::{Kind, Spans};

/// What is learnt of one request.
#[derive(Default)]
pub struct Observed {
    /// Establishment of the caller's token.
    establishment: RefCell<Option<String>>,
    /// Why the journal says that it was denied.
    denied: RefCell<Option<String>>,
    /// Whether a place was wanting.
    shed: Cell<bool>,
    /// What is traced of it, when it is.
    spans: Option<RefCell<Spans>>,
}

tokio::task_local! {
    static HERE: Rc<Observed>;
}

impl Observed {
    /// Of a request that is traced, or not.
    pub fn new(spans: Option<Spans>) -> Rc<Self> {
        Rc::new(Self { spans: spans.map(RefCell::new), ..Self::default() })
    }

    /// Runs what answers the request.
    pub fn during<F: Future>(
        self: &Rc<Self>,
        answering: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        HERE.scope(Rc::clone(self), answering)
    }

    /// There was no place for it.
    pub fn shed(&self) {
        self.shed.set(true);
    }

    /// Whether there was none.
    pub fn was_shed(&self) -> bool {
        self.shed.get()
    }

    /// Establishment of the caller's token, and why the journal says that the
    /// request was denied.
    pub fn told(&self) -> (Option<String>, Option<String>) {
        (self.establishment.borrow().clone(), self.denied.borrow().clone())
    }

    /// Begins something that is traced: its start, when anything is.
    pub fn begin(&self) -> Option<Instant> {
        self.spans.as_ref().map(|_| Instant::now())
    }

    /// Ends it, under the request itself.
    pub fn end(&self, began: Option<Instant>, kind: Kind, name: impl FnOnce() -> String) {
        if let (Some(began), Some(spans)) = (began, &self.spans) {
            spans.borrow_mut().under_request(began, kind, name());
        }
    }

    /// The function begins: what follows is under it.
    pub fn enter_function(&self) -> Option<Instant> {
        let spans = self.spans.as_ref()?;
        spans.borrow_mut().enter_function();
        Some(Instant::now())
    }

    /// The function is done.
    pub fn leave_function(&self, began: Option<Instant>, name: &str) {
        if let (Some(began), Some(spans)) = (began, &self.spans) {
            spans.borrow_mut().leave_function(began, name);
        }
    }

    /// What was traced.
    pub fn take_spans(&self) -> Option<Spans> {
        self.spans.as_ref().map(|spans| spans.borrow().clone())
    }
}

/// The caller of this task's request is of this establishment.
pub fn caller(establishment: Option<&str>) {
    let _ = HERE.try_with(|here| {
        here.establishment.replace(establishment.map(str::to_owned));
    });
}

/// An entry of this task's request is durable.
pub fn journaled(entry: &Entry) {
    let _ = HERE.try_with(|here| {
        if !entry.establishment.is_empty() {
            here.establishment.replace(Some(entry.establishment.clone()));
        }
        if let Some(denied) = &entry.outcome.denied {
            here.denied.borrow_mut().get_or_insert_with(|| denied.clone());
        }
    });
}

/// Begins a trip to the store, when this task's request is traced.
pub fn begin_trip() -> Option<Instant> {
    HERE.try_with(|here| here.begin()).ok().flatten()
}

/// Ends it.
pub fn end_trip(began: Option<Instant>, table: &str, operation: &str) {
    let Some(began) = began else { return };
    let _ = HERE.try_with(|here| {
        if let Some(spans) = &here.spans {
            spans.borrow_mut().trip(began, format!("{table}.{operation}"));
        }
    });
}

#[cfg(test)]
mod tests;
