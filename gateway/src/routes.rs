//! Which function answers a request: by method and path.

use http::Method;

/// A piece of a route's path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// `Patient`: itself.
    Literal(String),
    /// `:id`: any one segment.
    Any,
    /// `...`: whatever is left, also nothing.
    Rest,
}

/// One route of one function.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Route {
    method: Method,
    segments: Vec<Segment>,
    function: usize,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The function of this index.
    Function(usize),
    /// The path exists, but not for this method; these are allowed.
    OtherMethods(Vec<Method>),
    /// No route has this path.
    Nothing,
}

/// Every route of the manifest, the most particular first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    routes: Vec<Route>,
}

impl Routes {
    /// Adds a route written as `GET /fhir/:type/:id`.
    ///
    /// # Errors
    /// What is wrong with `written`.
    pub fn add(&mut self, written: &str, function: usize) -> Result<(), String> {
        let (method, path) =
            written.split_once(' ').ok_or("write a route as METHOD /path".to_owned())?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| "unknown method")?;
        let path = path.trim().strip_prefix('/').ok_or("a path begins with /")?;
        let segments: Vec<Segment> = split(path).map(segment).collect();
        let rest_at = segments.iter().position(|segment| *segment == Segment::Rest);
        if rest_at.is_some_and(|at| at + 1 != segments.len()) {
            return Err("... may only come last".into());
        }
        let route = Route { method, segments, function };
        let same = |other: &Route| other.method == route.method && other.segments == route.segments;
        if self.routes.iter().any(same) {
            return Err(format!("{written} is there twice"));
        }
        self.routes.push(route);
        // Spin's precedence: literal before parameter before wildcard, at the
        // first segment where two routes differ. The sort is stable.
        self.routes.sort_by_key(|route| route.segments.iter().map(rank).collect::<Vec<_>>());
        Ok(())
    }

    /// The function for a request. `HEAD` is answered by whoever answers `GET`
    /// (RFC 9110 §9.3.2). One slash at the end of the path makes no difference.
    pub fn find(&self, method: &Method, path: &str) -> Found {
        let sought = if method == Method::HEAD { &Method::GET } else { method };
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        // Some clients encode the $ of operations, which RFC 3986 leaves to them.
        let decoded = path.contains("%24").then(|| path.replace("%24", "$"));
        let path = decoded.as_deref().unwrap_or(path);
        // An empty segment in the middle of a path (`//`) matches nothing.
        let parts: Vec<&str> = path.split('/').filter(|_| !path.is_empty()).collect();
        let leads = |route: &&Route| matches(&route.segments, &parts);
        let mut of_method = self.routes.iter().filter(|route| route.method == *sought);
        if let Some(route) = of_method.find(leads) {
            return Found::Function(route.function);
        }
        let mut allowed: Vec<Method> = Vec::new();
        for route in self.routes.iter().filter(leads) {
            if !allowed.contains(&route.method) {
                allowed.push(route.method.clone());
            }
        }
        if allowed.is_empty() { Found::Nothing } else { Found::OtherMethods(allowed) }
    }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn segment(part: &str) -> Segment {
    match part {
        "..." => Segment::Rest,
        named if named.starts_with(':') => Segment::Any,
        literal => Segment::Literal(literal.to_owned()),
    }
}

fn rank(segment: &Segment) -> u8 {
    match segment {
        Segment::Literal(_) => 0,
        Segment::Any => 1,
        Segment::Rest => 2,
    }
}

fn matches(segments: &[Segment], parts: &[&str]) -> bool {
    let fits = |(segment, part): (&Segment, &&str)| match segment {
        Segment::Literal(literal) => literal == part,
        Segment::Any => !part.is_empty(),
        Segment::Rest => true,
    };
    let long_enough = match segments.split_last() {
        Some((Segment::Rest, before)) => parts.len() >= before.len(),
        _ => parts.len() == segments.len(),
    };
    long_enough && segments.iter().zip(parts).all(fits)
}

#[cfg(test)]
mod tests;
