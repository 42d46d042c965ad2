//! Names of dependencies in a manifest, and the imports that they stand for.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result, ensure};
use semver::Version;

/// A key of `[component.<id>.dependencies]`: `a:b/c@1.0.0` with the interface
/// and the version each optional, or a plain name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DependencyName {
    /// A plain kebab-case name: the import of that very name.
    Plain(String),
    /// A package, or one interface of it.
    Package {
        /// `namespace:name`.
        package: String,
        /// Every interface when there is none.
        interface: Option<String>,
        /// Every version when there is none.
        version: Option<Version>,
    },
}

impl FromStr for DependencyName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if !text.contains([':', '/']) {
            ensure!(is_kebab(text), "{text:?} is not in kebab-case");
            return Ok(Self::Plain(text.to_owned()));
        }
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => {
                let version = Version::parse(version);
                (name, Some(version.with_context(|| format!("the version of {text:?}"))?))
            }
            None => (text, None),
        };
        let (package, interface) = match name.split_once('/') {
            Some((package, interface)) => (package, Some(interface)),
            None => (name, None),
        };
        let (space, word) =
            package.split_once(':').with_context(|| format!("{text:?} names no package"))?;
        ensure!(is_kebab(space) && is_kebab(word), "{package:?} is not a name of a package");
        ensure!(interface.is_none_or(is_kebab), "{text:?} names no interface");
        let (package, interface) = (package.to_owned(), interface.map(str::to_owned));
        Ok(Self::Package { package, interface, version })
    }
}

impl fmt::Display for DependencyName {
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(name) => into.write_str(name),
            Self::Package { package, interface, version } => {
                into.write_str(package)?;
                if let Some(interface) = interface {
                    write!(into, "/{interface}")?;
                }
                version.iter().try_for_each(|version| write!(into, "@{version}"))
            }
        }
    }
}

impl DependencyName {
    /// Whether Spin satisfies this import of a component by the dependency of
    /// this name (`matches_import` of Spin's `crates/compose`).
    pub fn stands_for(&self, import: &str) -> bool {
        let Ok(import) = import.parse::<Self>() else { return false };
        match (self, import) {
            (Self::Plain(name), Self::Plain(import)) => *name == import,
            (
                Self::Package { package, interface, version },
                Self::Package { package: of, interface: Some(wanted), version: at },
            ) => {
                *package == of
                    && interface.as_ref().is_none_or(|interface| *interface == wanted)
                    && (version.is_none() || *version == at)
            }
            _ => false,
        }
    }
}

/// Words of letters and digits with hyphens between, each beginning with a
/// letter and of one case (Spin's `KebabId`).
pub fn is_kebab(text: &str) -> bool {
    text.split('-').all(is_word)
}

/// The same with underscores and in lower case (Spin's `LowerSnakeId`).
pub fn is_lower_snake(text: &str) -> bool {
    text.split('_').all(is_word) && !text.contains(|letter: char| letter.is_ascii_uppercase())
}

fn is_word(word: &str) -> bool {
    let lower = word.contains(|letter: char| letter.is_ascii_lowercase());
    let upper = word.contains(|letter: char| letter.is_ascii_uppercase());
    word.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && word.chars().all(|letter| letter.is_ascii_alphanumeric())
        && lower != upper
}
