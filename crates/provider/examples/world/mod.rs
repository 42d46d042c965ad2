//! A provider over embedded tables, and a session of a system's.

use access::claims::{Claims, Function};
use access::scope::Scope;
use access::token::{Issuers, SigningIssuer};
use chart::Environment;
use chart::table::Table;
use contracts::Origin;
use futures::executor::block_on;
use provider::{Journaling, Provider, Session, Setup};
use regions::Directory;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub type Failure = Box<dyn std::error::Error>;

/// The system's clock and chance.
#[derive(Clone)]
pub struct Now;

impl Environment for Now {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            let random = RandomState::new().build_hasher().finish().to_le_bytes();
            part.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
        }
    }
    async fn sleep(&self, ms: u64) {
        std::thread::sleep(Duration::from_millis(ms));
    }
}

const REGION: &str = r#"
code = "01"
name = { fr = "R", en = "R" }
phase = "live"
endpoint = "https://01.example/fhir"
admin_port = 9401
time_zone = "America/Toronto"
link = "fibre"
neighbours = []
administrative_regions = [1]
[release_delay_days]
imaging = 30
[[establishment]]
id = "e01"
name = { fr = "E", en = "E" }
kind = "CISSS"
municipality = "Ville"
"#;

/// The walls of region 01 over these tables, *record* first.
pub fn door<T: Table + Clone + 'static>(
    [record, access]: [T; 2],
) -> Result<(Provider<T, Now>, Session), Failure> {
    let issuer = SigningIssuer::create("https://issuer.example", "dossier", |bytes| {
        Now.fill_random(bytes);
    })
    .map_err(|error| format!("{error:?}"))?;
    let trusted = format!(
        r#"{{"issuers":[{{"issuer":"https://issuer.example","audiences":["dossier"],"jwks":{}}}]}}"#,
        issuer.public_jwks()
    );
    let (walls, flusher) = Provider::new(Setup {
        record,
        access,
        body_partitions: provider::limits::BODY_PARTITIONS,
        issuers: Issuers::parse(&trusted).map_err(|error| format!("{error:?}"))?,
        elsewhere: None,
        authority: None,
        fetch: None,
        directory: Directory::read([("01.toml", REGION)]).map_err(|error| format!("{error:?}"))?,
        region: "01".to_owned(),
        environment: Now,
        journaling: Journaling::Shared,
        background: None,
        unique_systems: provider::limits::unique_systems(),
        away: None,
    });
    std::thread::spawn(move || block_on(flusher));
    let now_s = Now.now_ms() / 1000;
    let claims = Claims {
        subject: "loader".to_owned(),
        name: None,
        fhir_user: None,
        function: Function::System,
        licence: None,
        establishment: None,
        purpose: Function::System.usual_purpose(),
        patient: None,
        client_id: "loader".to_owned(),
        scopes: Scope::parse_all("system/*.cruds").map_err(|error| format!("{error:?}"))?,
        token_id: None,
        issuer: String::new(),
        expires_at_s: now_s + 3600,
        issued_at_s: Some(now_s),
    };
    let header = format!("Bearer {}", issuer.sign(&claims));
    let origin = Origin {
        request_id: "r".into(),
        client_address: "192.0.2.1".into(),
        emergency: None,
        stands_in_for: None,
        any_door: false,
    };
    let session = block_on(walls.verify(Some(&header), &origin));
    Ok((walls, session.map_err(|refusal| format!("{refusal:?}"))?))
}
