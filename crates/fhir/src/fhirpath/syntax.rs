//! The parsed form of an expression.

use super::decimal::Decimal;
use super::functions::Function;
use super::temporal::Temporal;

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Times,
    Over,
    Div,
    Mod,
    Plus,
    Minus,
    Join,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Equivalent,
    NotEqual,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

/// A literal's value.
#[derive(Clone, Debug)]
pub(super) enum Literal {
    Boolean(bool),
    String(Box<str>),
    Integer(i64),
    Decimal(Decimal),
    Temporal(Temporal),
    Quantity(Decimal, Box<str>),
}

/// A type's name, as after `is`: `Quantity`, `FHIR.Quantity`, `System.String`.
#[derive(Clone, Debug)]
pub(super) struct TypeName {
    pub system: Option<bool>,
    pub name: Box<str>,
}

/// Part of a path.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Member(Box<str>),
    Item(Term),
    Call(Function, Vec<Term>),
    /// `is` and `as`, as operators or functions, and `ofType`.
    Is(TypeName),
    OfType(TypeName),
}

/// An expression or a part of one.
#[derive(Clone, Debug)]
pub(super) enum Term {
    Empty,
    Literal(Literal),
    This,
    Index,
    Total,
    Variable(Box<str>),
    /// Steps from a term, or from what is in focus when there is none.
    Path(Option<Box<Term>>, Vec<Step>),
    Negated(Box<Term>),
    Binary(Operator, Box<Term>, Box<Term>),
    Union(Vec<Term>),
}
