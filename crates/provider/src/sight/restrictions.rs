//! Consents and authorizations, read with what the registries tell of those
//! whom they name.

use super::known::parsed;
use crate::convert::read_failed;
use crate::provider::Provider;
use crate::references::local;
use access::authorization::Authorization;
use access::restriction::{Known, KnownAs, Misunderstood, Naming, Restriction, Source, of_consent};
use access::systems;
use chart::table::Table;
use chart::{CellRef, Environment, Home, Place, Version};
use contracts::Refusal;
use fhir::json::{Document, Value};
use fhir::outcome::IssueType;
use fhir::resource::references;
use std::collections::BTreeSet;

/// What one Consent asks for.
pub(crate) type Read = Vec<Restriction>;

/// A registry resource that a Consent names, as tokens may name it.
#[derive(Default)]
struct Named {
    reference: String,
    references: Vec<String>,
    establishments: Vec<String>,
    licences: Vec<String>,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// What a stored version of a Consent asks for. One that is not understood,
    /// written before the record knew how, withholds everything.
    pub(super) async fn restrictions_in(&self, version: &Version) -> Result<Read, Refusal> {
        let source = Source { consent: version.id.clone(), version: version.version };
        let Some(document) = version.body.as_deref().and_then(parsed) else {
            return Ok(vec![Restriction::not_understood(source)]);
        };
        let named = self.named_in(document.root()).await?;
        let read = self.naming(&named, |naming| of_consent(document.root(), &source, naming));
        Ok(match read {
            Ok(read) => read.unwrap_or_default(),
            Err(_) => vec![Restriction::not_understood(source)],
        })
    }

    pub(super) async fn authorization_in(
        &self,
        version: &Version,
    ) -> Result<Option<Authorization>, Refusal> {
        let Some(document) = version.body.as_deref().and_then(parsed) else { return Ok(None) };
        let named = self.named_in(document.root()).await?;
        let root = document.root();
        let read = self.naming(&named, |naming| Authorization::of_basic(root, &version.id, naming));
        Ok(read.ok().flatten())
    }

    /// Refuses what says who may see what and cannot be enforced exactly.
    ///
    /// # Errors
    /// 422 with the element.
    pub(crate) async fn refuse_misunderstood(
        &self,
        resource_type: &str,
        root: Value<'_>,
    ) -> Result<(), Refusal> {
        if !super::gives_rights(resource_type) {
            return Ok(());
        }
        let named = self.named_in(root).await?;
        let read = self.naming(&named, |naming| understood(resource_type, root, naming));
        read.map_err(|fault| {
            Refusal::unprocessable(IssueType::BusinessRule, fault.fault.text()).at(fault.path)
        })
    }

    fn naming<R>(&self, named: &[Named], read: impl FnOnce(&Naming<'_>) -> R) -> R {
        let named_by: Vec<Vec<KnownAs<'_>>> = named
            .iter()
            .map(|one| {
                let references = one.references.iter().map(|text| KnownAs::Reference(text));
                let places = one.establishments.iter().map(|text| KnownAs::Establishment(text));
                let licences = one.licences.iter().map(|text| KnownAs::Licence(text));
                references.chain(places).chain(licences).collect()
            })
            .collect();
        let known: Vec<Known<'_>> = named
            .iter()
            .zip(&named_by)
            .map(|(one, named_by)| Known { reference: &one.reference, named_by })
            .collect();
        let atlas = self.atlas();
        let own_bases: Vec<&str> = atlas.decisions.own_bases.iter().map(String::as_str).collect();
        let issuers: Vec<&str> = self.inner.issuer_urls.iter().map(String::as_str).collect();
        read(&Naming {
            issuers: &issuers,
            own_bases: &own_bases,
            known: &known,
            ..Naming::default()
        })
    }

    /// The registry resources that a resource refers to, with what each says of
    /// itself; and those that a PractitionerRole stands for.
    async fn named_in(&self, root: Value<'_>) -> Result<Vec<Named>, Refusal> {
        let atlas = self.atlas();
        let texts = references(root).filter_map(|reference| {
            let bases = &atlas.decisions.own_bases;
            let text = reference.text;
            let own = bases.iter().find_map(|base| text.strip_prefix(base.as_str()));
            let key = local(own.map_or(&*text, |rest| rest.trim_start_matches('/')))?;
            ACTORS.contains(&key.resource_type.as_str()).then_some((key.resource_type, key.id))
        });
        let keys: BTreeSet<(String, String)> = texts.collect();
        let mut named = Vec::new();
        for (place, document) in self.registered(&keys).await? {
            let mut one = self.tells(&place, document.root());
            if place.resource_type == "PractitionerRole" {
                let role = document.root();
                let of = |name: &str| {
                    let text = role.get(name)?.get("reference")?.as_str()?;
                    local(&text).map(|key| (key.resource_type, key.id))
                };
                let keys: BTreeSet<_> = of("practitioner").into_iter().collect();
                one.references.extend(keys.iter().map(|(kind, id)| format!("{kind}/{id}")));
                for (place, document) in self.registered(&keys).await? {
                    one.licences.extend(self.tells(&place, document.root()).licences);
                }
            }
            named.push(one);
        }
        Ok(named)
    }

    async fn registered(
        &self,
        keys: &BTreeSet<(String, String)>,
    ) -> Result<Vec<(Place, Document)>, Refusal> {
        let place = |(resource_type, id): &(String, String)| Place {
            home: Home::registry(resource_type, id),
            resource_type: resource_type.clone(),
            id: id.clone(),
        };
        let places: Vec<Place> = keys.iter().map(place).collect();
        let failed = |error| read_failed(&error);
        let cells = self.record().cells_at(&places).await.map_err(failed)?;
        let live = places.into_iter().zip(cells).filter_map(|(place, cell)| {
            cell.filter(|cell| !cell.deleted).map(|cell| (place, cell.reference()))
        });
        let (places, at): (Vec<Place>, Vec<CellRef>) = live.unzip();
        let versions = self.record().fetch(&at).await.map_err(failed)?;
        let documents = places.into_iter().zip(versions).filter_map(|(place, version)| {
            let document = version.body.as_deref().and_then(parsed)?;
            Some((place, document))
        });
        Ok(documents.collect())
    }

    /// How tokens may name a registry resource: by itself, an Organization by
    /// the codes of an establishment, a Practitioner by licences.
    fn tells(&self, place: &Place, root: Value<'_>) -> Named {
        let reference = format!("{}/{}", place.resource_type, place.id);
        let mut named =
            Named { references: vec![reference.clone()], reference, ..Named::default() };
        for identifier in root.each("identifier") {
            let text = |name| identifier.get(name).and_then(Value::as_str);
            let (Some(system), Some(value)) = (text("system"), text("value")) else { continue };
            let value = value.into_owned();
            match place.resource_type.as_str() {
                "Organization" if self.is_establishment(&value) => named.establishments.push(value),
                "Organization" if system == systems::ESTABLISHMENT => {
                    named.establishments.push(value);
                }
                "Practitioner" => named.licences.push(value),
                _ => {}
            }
        }
        named
    }

    fn is_establishment(&self, code: &str) -> bool {
        self.atlas().directory.establishment(code).is_some()
    }
}

/// Types that tokens may stand for.
const ACTORS: [&str; 3] = ["Organization", "Practitioner", "PractitionerRole"];

/// Whether the record can enforce what this resource says.
pub(crate) fn understood(
    resource_type: &str,
    root: Value<'_>,
    naming: &Naming<'_>,
) -> Result<(), Misunderstood> {
    match resource_type {
        "Consent" => of_consent(root, &Source::default(), naming).map(drop),
        _ => Authorization::of_basic(root, "", naming).map(drop),
    }
}
