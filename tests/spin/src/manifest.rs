//! The manifest, version 2, as documented at
//! <https://spinframework.dev/v4/manifest-reference> and read by Spin 4.1
//! (`crates/manifest/src/schema/v2.rs` of spinframework/spin): a table with any
//! other key is refused.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

/// `spin.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always 2.
    pub spin_manifest_version: u32,
    /// `[application]`.
    pub application: Application,
    /// `[variables]`.
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    /// `[[trigger.<type>]]`.
    pub trigger: Triggers,
    /// `[component.<id>]`.
    #[serde(default)]
    pub component: BTreeMap<String, Component>,
}

/// `[application]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Needed.
    pub name: String,
    /// Semantic version.
    #[serde(default)]
    pub version: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// For people.
    #[serde(default)]
    pub authors: Vec<String>,
    /// Environments to be compatible with.
    #[serde(default)]
    pub targets: Vec<toml::Value>,
    /// Settings of trigger types.
    #[serde(default)]
    pub trigger: BTreeMap<String, toml::Table>,
    /// Settings of other tools; Spin ignores them.
    #[serde(default)]
    pub tool: BTreeMap<String, toml::Table>,
}

/// An application variable.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// For people.
    pub description: Option<String>,
    /// Whether it must be supplied at start.
    #[serde(default)]
    pub required: bool,
    /// Its value when nothing is supplied.
    pub default: Option<String>,
    /// Whether it is sensitive.
    #[serde(default)]
    pub secret: bool,
}

/// `[[trigger.<type>]]`; this application has only HTTP ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triggers {
    /// `[[trigger.http]]`.
    #[serde(default)]
    pub http: Vec<HttpTrigger>,
}

/// `[[trigger.http]]` (<https://spinframework.dev/v4/http-trigger>), with a
/// component of the application by its id.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    /// Name of the trigger itself.
    pub id: Option<String>,
    /// The id of the component that answers.
    pub component: String,
    /// The path that it answers, or `{ private = true }`.
    pub route: Route,
    /// `{ type = "http" }` or `{ type = "wagi", … }`.
    pub executor: Option<Executor>,
}

/// Where an HTTP trigger listens.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Route {
    /// A path; the end `/...` stands for everything below.
    Path(String),
    /// Reached by other components of the application only.
    Private(Private),
}

/// `{ private = true }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    /// Always true.
    pub private: bool,
}

/// How an HTTP component is run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "type")]
pub enum Executor {
    /// By one of the HTTP interfaces.
    #[serde(alias = "spin")]
    Http,
    /// By the command line and standard streams.
    Wagi {
        /// The arguments.
        #[serde(default)]
        argv: String,
    },
}

/// `[component.<id>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Where its bytes are.
    pub source: Source,
    /// `scheme://host[:port]` of what it may reach; templates allowed.
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    /// Its variables; templates allowed.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Its environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Files that it may read.
    #[serde(default)]
    pub files: Vec<toml::Value>,
    /// Files left out of these.
    #[serde(default)]
    pub exclude_files: Vec<String>,
    /// Key-value stores by label.
    #[serde(default)]
    pub key_value_stores: Vec<String>,
    /// SQLite databases by label.
    #[serde(default)]
    pub sqlite_databases: Vec<String>,
    /// Models by name.
    #[serde(default)]
    pub ai_models: Vec<String>,
    /// Environments to be compatible with.
    pub targets: Option<Vec<toml::Value>>,
    /// How `spin build` makes it.
    pub build: Option<Build>,
    /// Settings of other tools; Spin ignores them.
    #[serde(default)]
    pub tool: BTreeMap<String, toml::Table>,
    /// Whether every dependency inherits everything.
    pub dependencies_inherit_configuration: Option<bool>,
    /// What satisfies its imports.
    #[serde(default)]
    pub dependencies: BTreeMap<String, Dependency>,
    /// Overrides of named build profiles.
    #[serde(default)]
    pub profile: BTreeMap<String, toml::Table>,
}

/// Where a component's bytes are.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// A file, relative to the manifest.
    Local(String),
    /// A download with its digest.
    Remote(Remote),
    /// A package of a registry.
    Registry(Registry),
}

/// A download with its digest.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Where from.
    pub url: String,
    /// `sha256:` and hexadecimal digits.
    pub digest: String,
}

/// A package of a registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// The default one when there is none.
    pub registry: Option<String>,
    /// `namespace:name`.
    pub package: String,
    /// Its version.
    pub version: String,
}

/// `build` of a component.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// One command or several.
    pub command: toml::Value,
    /// Where they run.
    pub workdir: Option<String>,
    /// What makes them run again.
    #[serde(default)]
    pub watch: Vec<String>,
}

/// What satisfies an import.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Dependency {
    /// A version of the package in the default registry.
    Version(String),
    /// A component by file, component id, download or registry.
    Bound(Bound),
}

/// A dependency in full. Exactly one of `path`, `component`, `url` and
/// `version` says where it is; [`crate::rules`] checks that.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// A file, relative to the manifest.
    pub path: Option<String>,
    /// A component of the application.
    pub component: Option<String>,
    /// A download.
    pub url: Option<String>,
    /// Of the download.
    pub digest: Option<String>,
    /// A package in a registry.
    pub version: Option<String>,
    /// Its registry.
    pub registry: Option<String>,
    /// Its name, when it is not that of the import.
    pub package: Option<String>,
    /// Its export, when it is not that of the import.
    pub export: Option<String>,
    /// What it inherits of the component's configuration.
    pub inherit_configuration: Option<Inherit>,
}

/// What a dependency inherits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Inherit {
    /// Everything or nothing.
    All(bool),
    /// These.
    Some(Vec<String>),
}

impl Manifest {
    /// Reads a manifest; its values are checked by [`crate::rules::faults`].
    ///
    /// # Errors
    /// A key that is unknown or missing, or a value of another type.
    pub fn read(text: &str) -> Result<Self> {
        toml::from_str(text).context("the manifest is not of Spin's form")
    }

    /// What a component is given, with application variables by their defaults
    /// or as supplied.
    ///
    /// # Errors
    /// An unknown component or variable, or a variable without a value.
    pub fn given(
        &self,
        component: &str,
        supplied: &BTreeMap<String, String>,
    ) -> Result<crate::host::Given> {
        let component =
            self.component.get(component).with_context(|| format!("no component {component}"))?;
        let resolve = |text: &String| self.resolve(text, supplied);
        let variables = component.variables.iter();
        Ok(crate::host::Given {
            variables: variables
                .map(|(name, value)| Ok((name.clone(), resolve(value)?)))
                .collect::<Result<_>>()?,
            allowed_outbound_hosts: component
                .allowed_outbound_hosts
                .iter()
                .map(resolve)
                .collect::<Result<_>>()?,
        })
    }

    fn resolve(&self, template: &str, supplied: &BTreeMap<String, String>) -> Result<String> {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").context("a template does not end")?;
            let name = name.trim();
            let variable =
                self.variables.get(name).with_context(|| format!("no variable {name}"))?;
            let value = supplied.get(name).or(variable.default.as_ref());
            text.push_str(before);
            text.push_str(value.with_context(|| format!("the variable {name} has no value"))?);
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}
