//! Who took part: the application, the server, and whoever used the
//! application (BALP, the agents of each pattern).

use serde_json::{Value, json};

use super::Server;
use super::words::{self, Subtype, Word};
use crate::claims::Function;
use crate::entry::Entry;

/// Value set network-type: an IP address; a URI.
const BY_ADDRESS: &str = "2";
const BY_URI: &str = "5";

pub fn agents(entry: &Entry, server: &Server, subtype: Subtype) -> Vec<Value> {
    let (client_type, server_type, user_type) = types(subtype);
    let by_itself = entry.agent.function == Function::System;
    let address = json!({"address": entry.network_address, "type": BY_ADDRESS});
    let client_id =
        if entry.agent.client_id.is_empty() { "unknown" } else { entry.agent.client_id.as_str() };
    let client = json!({
        "type": {"coding": [client_type.coding()]},
        "who": {"identifier": {"value": client_id}},
        "requestor": by_itself,
        "network": address,
    });
    let server = if subtype == Subtype::AuthzConsent {
        // BALP, AuthZconsent: who decided is who recorded, and no network device.
        json!({
            "type": {"coding": [server_type.coding()]},
            "who": super::observer(entry, server),
            "requestor": false,
        })
    } else {
        json!({
            "type": {"coding": [server_type.coding()]},
            "who": {"display": server.name},
            "requestor": false,
            "network": {"address": server.base, "type": BY_URI},
        })
    };
    let mut agents = vec![client, server];
    if !by_itself {
        agents.push(user(entry, user_type, subtype));
    }
    if matches!(subtype, Subtype::AuthzConsent | Subtype::BreakGlass) {
        agents.push(json!({
            "type": {"coding": [words::PROVIDER.coding()]},
            "who": {"identifier": {
                "system": crate::systems::ESTABLISHMENT,
                "value": super::site(entry),
            }},
            "requestor": false,
        }));
    }
    agents
}

/// A read flows to the client, a change flows from it, and a query is what the
/// client sends; a deletion moves nothing.
fn types(subtype: Subtype) -> (Word, Word, Word) {
    match subtype {
        Subtype::Read | Subtype::Vread | Subtype::History => {
            (words::DESTINATION, words::SOURCE, words::RECIPIENT)
        }
        Subtype::Search
        | Subtype::SearchSystem
        | Subtype::HistoryType
        | Subtype::HistorySystem
        | Subtype::Operation
        | Subtype::Export => (words::SOURCE, words::DESTINATION, words::RECIPIENT),
        Subtype::Create
        | Subtype::Update
        | Subtype::Patch
        | Subtype::Batch
        | Subtype::Transaction => (words::SOURCE, words::DESTINATION, words::AUTHOR),
        Subtype::Token | Subtype::Review | Subtype::Phase | Subtype::Copy | Subtype::Restore => {
            (words::SOURCE, words::DESTINATION, words::RECIPIENT)
        }
        Subtype::AuthzConsent | Subtype::BreakGlass => {
            (words::APPLICATION, words::AUTHORIZER, words::RECIPIENT)
        }
        Subtype::Delete => (words::APPLICATION, words::CUSTODIAN, words::AUTHOR),
    }
}

fn user(entry: &Entry, user_type: Word, subtype: Subtype) -> Value {
    let agent = &entry.agent;
    let subject = if agent.subject.is_empty() { "unknown" } else { agent.subject.as_str() };
    let mut identifier = json!({"value": subject});
    if let (false, Some(members)) = (agent.issuer.is_empty(), identifier.as_object_mut()) {
        members.insert("system".to_owned(), json!(agent.issuer));
    }
    let mut user = json!({
        "type": {"coding": [user_type.coding()]},
        "role": [{"text": words::function(&agent.function)}],
        "who": {"identifier": identifier},
        "requestor": true,
        "purposeOfUse": [{"coding": [words::purpose(entry.purpose).coding()]}],
    });
    if let Some(members) = user.as_object_mut() {
        if let Some(name) = &agent.name {
            members.insert("name".to_owned(), json!(name));
        }
        // BALP: the id of the token stands for the authorization, but not of a
        // deletion, whose user has none (`entities`).
        if let Some(token_id) = agent.token_id.as_ref().filter(|_| subtype != Subtype::Delete) {
            members.insert("policy".to_owned(), json!([token_id]));
        }
        if let Some(licence) = &agent.licence {
            let other = json!([{
                "url": "https://profiles.ihe.net/ITI/BALP/StructureDefinition/ihe-otherId",
                "valueIdentifier": {"type": {"text": "permis d'exercice"}, "value": licence},
            }]);
            members.insert("extension".to_owned(), other);
        }
    }
    user
}
