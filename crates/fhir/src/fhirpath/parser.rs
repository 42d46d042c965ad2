//! Text into terms, by precedence (FHIRPath N1, Operator Precedence).

use super::decimal::Decimal;
use super::error::FhirPathError;
use super::functions::Function;
use super::lexer::{Lexer, Token};
use super::syntax::{Literal, Operator, Step, Term, TypeName};
use super::temporal::Temporal;
use crate::limits::FhirPathLimits;

/// Binary operators from the loosest; `is` and `as` are between `|` and `+`.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("implies", Operator::Implies)],
    &[("or", Operator::Or), ("xor", Operator::Xor)],
    &[("and", Operator::And)],
    &[("in", Operator::In), ("contains", Operator::Contains)],
    &[
        ("=", Operator::Equal),
        ("~", Operator::Equivalent),
        ("!=", Operator::NotEqual),
        ("!~", Operator::NotEquivalent),
    ],
    &[
        ("<=", Operator::LessOrEqual),
        ("<", Operator::Less),
        (">=", Operator::GreaterOrEqual),
        (">", Operator::Greater),
    ],
    &[],
    &[],
    &[("+", Operator::Plus), ("-", Operator::Minus), ("&", Operator::Join)],
    &[
        ("*", Operator::Times),
        ("/", Operator::Over),
        ("div", Operator::Div),
        ("mod", Operator::Mod),
    ],
];
const UNION: usize = 6;
const TYPE: usize = 7;

pub(super) fn parse(text: &str, limits: &FhirPathLimits) -> Result<Term, FhirPathError> {
    if text.len() > limits.text_bytes_max {
        return Err(FhirPathError::too_large(format!(
            "The FHIRPath has {} bytes and the limit is {}; make it shorter.",
            text.len(),
            limits.text_bytes_max
        )));
    }
    let mut parser = Parser {
        lexer: Lexer::new(text),
        token: Token::End,
        at: 0,
        depth: 0,
        depth_max: limits.depth_max,
    };
    parser.advance()?;
    let (term, _) = parser.expression(0)?;
    match parser.token {
        Token::End => Ok(term),
        _ => Err(parser.fault("The expression should end here; is an operator missing?")),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token,
    at: usize,
    /// How many calls of [`Parser::expression`] are open.
    depth: usize,
    depth_max: usize,
}

/// A term and how deep its parts are nested.
type Nested = (Term, usize);

impl Parser<'_> {
    fn advance(&mut self) -> Result<Token, FhirPathError> {
        let (at, token) = self.lexer.token()?;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn fault(&self, message: impl Into<String>) -> FhirPathError {
        FhirPathError::syntax(self.at, message)
    }

    fn deeper(&self, depth: usize) -> Result<usize, FhirPathError> {
        if depth >= self.depth_max {
            let text =
                format!("The FHIRPath is nested deeper than {}; make it simpler.", self.depth_max);
            return Err(FhirPathError::too_large(text));
        }
        Ok(depth + 1)
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(&self.token, Token::Symbol(found) if *found == symbol)
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        matches!(&self.token, Token::Name(found) if found == keyword)
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), FhirPathError> {
        if self.is_symbol(symbol) {
            self.advance()?;
            return Ok(());
        }
        Err(self.fault(format!("Here should be {symbol}")))
    }

    fn operator(&self, level: usize) -> Option<Operator> {
        let found = match &self.token {
            Token::Symbol(symbol) => symbol,
            Token::Name(name) => name.as_str(),
            _ => return None,
        };
        let choices = LEVELS.get(level).copied().unwrap_or_default();
        choices.iter().find(|(text, _)| *text == found).map(|(_, operator)| *operator)
    }

    fn expression(&mut self, level: usize) -> Result<Nested, FhirPathError> {
        if level >= LEVELS.len() {
            return self.unary();
        }
        if level == 0 {
            self.depth = self.deeper(self.depth)?;
        }
        let (mut left, mut depth) = self.expression(level + 1)?;
        match level {
            UNION => {
                let mut terms = Vec::new();
                while self.is_symbol("|") {
                    self.advance()?;
                    let (term, other) = self.expression(level + 1)?;
                    depth = depth.max(other);
                    terms.push(term);
                }
                if !terms.is_empty() {
                    depth = self.deeper(depth)?;
                    terms.insert(0, left);
                    left = Term::Union(terms);
                }
            }
            TYPE => {
                while self.is_keyword("is") || self.is_keyword("as") {
                    let Token::Name(operator) = self.advance()? else { break };
                    let name = self.type_name()?;
                    let step = typed(&operator, name);
                    depth = self.deeper(depth)?;
                    left = Term::Path(Some(Box::new(left)), vec![step]);
                }
            }
            _ => {
                while let Some(operator) = self.operator(level) {
                    self.advance()?;
                    let (right, other) = self.expression(level + 1)?;
                    depth = self.deeper(depth.max(other))?;
                    left = Term::Binary(operator, Box::new(left), Box::new(right));
                }
            }
        }
        if level == 0 {
            self.depth -= 1;
        }
        Ok((left, depth))
    }

    fn unary(&mut self) -> Result<Nested, FhirPathError> {
        let mut negations = 0_usize;
        let mut signed = false;
        while self.is_symbol("-") || self.is_symbol("+") {
            negations += usize::from(self.is_symbol("-"));
            signed = true;
            self.advance()?;
        }
        let (term, depth) = self.path()?;
        Ok(match (signed, negations % 2) {
            (true, 1) => (Term::Negated(Box::new(term)), self.deeper(depth)?),
            _ => (term, depth),
        })
    }

    /// A term and the steps from it.
    fn path(&mut self) -> Result<Nested, FhirPathError> {
        let mut depth = 0;
        let mut steps = Vec::new();
        let is_name = matches!(&self.token, Token::Delimited(_))
            || matches!(&self.token, Token::Name(name) if !matches!(name.as_str(), "true" | "false"));
        let start = if is_name {
            steps.push(self.invocation(&mut depth)?);
            None
        } else {
            let (term, inner) = self.term()?;
            depth = inner;
            Some(Box::new(term))
        };
        loop {
            if self.is_symbol(".") {
                self.advance()?;
                if let Token::Dollar(name) = &self.token {
                    let text = format!("${name} stands alone; it is no member.");
                    return Err(self.fault(text));
                }
                steps.push(self.invocation(&mut depth)?);
            } else if self.is_symbol("[") {
                self.advance()?;
                let (index, inner) = self.expression(0)?;
                depth = depth.max(inner);
                self.expect("]")?;
                steps.push(Step::Item(index));
            } else {
                break;
            }
        }
        match start {
            Some(term) if steps.is_empty() => Ok((*term, depth)),
            start => Ok((Term::Path(start, steps), self.deeper(depth)?)),
        }
    }

    fn invocation(&mut self, depth: &mut usize) -> Result<Step, FhirPathError> {
        let at = self.at;
        let (name, delimited) = match self.advance()? {
            Token::Name(name) => (name, false),
            Token::Delimited(name) => (name, true),
            _ => return Err(FhirPathError::syntax(at, "Here should be the name of an element.")),
        };
        if delimited || !self.is_symbol("(") {
            return Ok(Step::Member(name.into()));
        }
        self.advance()?;
        if matches!(name.as_str(), "is" | "as" | "ofType") {
            let type_name = self.type_name()?;
            self.expect(")")?;
            return Ok(typed(&name, type_name));
        }
        let mut arguments = Vec::new();
        while !self.is_symbol(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            let (argument, inner) = self.expression(0)?;
            *depth = (*depth).max(inner);
            arguments.push(argument);
        }
        self.advance()?;
        let Some((function, least, most)) = Function::named(&name) else {
            let text = format!("There is no function {name}(); see FHIRPath N1, Functions.");
            return Err(FhirPathError::syntax(at, text));
        };
        if !(least..=most).contains(&arguments.len()) {
            let text = format!("{name}() takes {least} to {most} arguments.");
            return Err(FhirPathError::syntax(at, text));
        }
        Ok(Step::Call(function, arguments))
    }

    fn type_name(&mut self) -> Result<TypeName, FhirPathError> {
        let first = self.type_part()?;
        if !self.is_symbol(".") {
            return Ok(TypeName { system: None, name: first.into() });
        }
        self.advance()?;
        let system = match first.as_str() {
            "FHIR" => false,
            "System" => true,
            _ => return Err(self.fault("Types are of the namespaces FHIR and System only.")),
        };
        Ok(TypeName { system: Some(system), name: self.type_part()?.into() })
    }

    fn type_part(&mut self) -> Result<String, FhirPathError> {
        let at = self.at;
        match self.advance()? {
            Token::Name(name) | Token::Delimited(name) => Ok(name),
            _ => Err(FhirPathError::syntax(at, "Here should be the name of a type.")),
        }
    }

    fn term(&mut self) -> Result<Nested, FhirPathError> {
        let at = self.at;
        let term = match self.advance()? {
            Token::Text(text) => Term::Literal(Literal::String(text.into())),
            Token::Number(text) => self.number(at, &text)?,
            Token::Temporal(text) => match Temporal::parse(&text) {
                Some(temporal) => Term::Literal(Literal::Temporal(temporal)),
                None => return Err(FhirPathError::syntax(at, "This is no date.")),
            },
            Token::Name(name) if name == "true" => Term::Literal(Literal::Boolean(true)),
            Token::Name(name) if name == "false" => Term::Literal(Literal::Boolean(false)),
            Token::Variable(name) if !name.is_empty() => Term::Variable(name.into()),
            Token::Dollar(name) => match name.as_str() {
                "this" => Term::This,
                "index" => Term::Index,
                "total" => Term::Total,
                _ => {
                    let text = "There are only $this, $index and $total.";
                    return Err(FhirPathError::syntax(at, text));
                }
            },
            Token::Symbol("{") => {
                self.expect("}")?;
                Term::Empty
            }
            Token::Symbol("(") => {
                let (term, depth) = self.expression(0)?;
                self.expect(")")?;
                return Ok((term, depth));
            }
            _ => {
                let text = "Here should be an element, a literal, a variable or a parenthesis.";
                return Err(FhirPathError::syntax(at, text));
            }
        };
        Ok((term, 0))
    }

    /// A number, or a quantity when a unit follows: `4 days`, `10 'mg'`.
    fn number(&mut self, at: usize, text: &str) -> Result<Term, FhirPathError> {
        let too_big = || FhirPathError::syntax(at, "This number has too many digits.");
        let unit = match &self.token {
            Token::Text(unit) => Some(unit.clone()),
            Token::Name(word) => calendar_unit(word).map(str::to_owned),
            _ => None,
        };
        if let Some(unit) = unit {
            self.advance()?;
            let value = Decimal::parse(text).ok_or_else(too_big)?;
            return Ok(Term::Literal(Literal::Quantity(value, unit.into())));
        }
        let literal = if text.contains('.') {
            Literal::Decimal(Decimal::parse(text).ok_or_else(too_big)?)
        } else {
            Literal::Integer(text.parse().map_err(|_| too_big())?)
        };
        Ok(Term::Literal(literal))
    }
}

fn typed(operator: &str, name: TypeName) -> Step {
    if operator == "is" { Step::Is(name) } else { Step::OfType(name) }
}

/// A calendar duration's keyword, in the singular.
pub(super) fn calendar_unit(word: &str) -> Option<&'static str> {
    const UNITS: &[&str] =
        &["year", "month", "week", "day", "hour", "minute", "second", "millisecond"];
    let singular = word.strip_suffix('s').unwrap_or(word);
    UNITS.iter().find(|unit| **unit == singular).copied()
}
