//! Words and numbers in both languages.

use fhir::outcome::Language;
use fhir::resource::instant;

use crate::model::{Name, Number};
use crate::questions::{Figure, Question, Verdict};

/// A language, and how it writes.
#[derive(Clone, Copy)]
pub struct Words(pub Language);

impl Words {
    /// One text of two.
    pub fn of<'t>(self, en: &'t str, fr: &'t str) -> &'t str {
        match self.0 {
            Language::English => en,
            Language::French => fr,
        }
    }

    /// A name.
    pub fn name(self, name: &Name) -> &str {
        self.of(&name.en, &name.fr)
    }

    /// What a region's phase means for its figures; nothing of one in use.
    pub fn phase(self, phase: &str) -> Option<&'static str> {
        Some(match (phase, self.0) {
            ("rehearsal", Language::English) => {
                "In rehearsal, on tables of its own: practice, and nothing of the central record."
            }
            ("rehearsal", Language::French) => {
                "En répétition, sur des tables à elle\u{a0}: de la pratique, et rien du dossier \
                 central."
            }
            ("paused", Language::English) => "Paused: reads go on, changes wait.",
            ("paused", Language::French) => {
                "En pause\u{a0}: les lectures continuent, les changements attendent."
            }
            ("planned", Language::English) => "Planned: it is not open yet.",
            ("planned", Language::French) => "Prévue\u{a0}: elle n’est pas encore ouverte.",
            _ => return None,
        })
    }

    /// A whole number, its digits in groups of three.
    pub fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push_str(self.of(",", "\u{a0}"));
            }
            text.push(digit);
        }
        text
    }

    /// A number that may be small.
    pub fn small(self, number: Number) -> String {
        match number {
            Number::Exact(exact) => self.number(exact),
            Number::Below { below } => {
                format!("{} {below}", self.of("fewer than", "moins de"))
            }
        }
    }

    fn decimal(self, text: String) -> String {
        match self.0 {
            Language::English => text,
            Language::French => text.replace('.', ","),
        }
    }

    /// A share, from 0 to 1, as so many of a hundred.
    pub fn share(self, share: f64) -> String {
        let percent = share * 100.0;
        // As many digits as tell 99.9 from 99.95, and no zeros behind them.
        let text = match percent {
            1.0..99.0 => format!("{percent:.1}"),
            _ => format!("{percent:.3}"),
        };
        format!("{}{}", self.decimal(trimmed(&text)), self.of("%", "\u{a0}%"))
    }

    /// So many of something, in its number: French counts 0 and 1 alike.
    fn many(self, count: u64, one: [&str; 2], more: [&str; 2]) -> String {
        let single = count == 1 || (count == 0 && self.0 == Language::French);
        let [en, fr] = if single { one } else { more };
        format!("{} {}", self.number(count), self.of(en, fr))
    }

    /// A power of ten of microseconds, as the mark of an axis.
    pub fn mark(self, power: f64) -> String {
        let ms = 10f64.powf(power - 3.0);
        let text = if ms < 1.0 { trimmed(&format!("{ms:.3}")) } else { format!("{ms:.0}") };
        format!("{}\u{a0}ms", self.decimal(text))
    }

    /// Microseconds as milliseconds.
    pub fn ms(self, us: u64) -> String {
        let ms = us as f64 / 1_000.0;
        let text = if ms < 10.0 { format!("{ms:.2}") } else { format!("{ms:.0}") };
        format!("{}\u{a0}ms", self.decimal(text))
    }

    /// A day and time, in UTC.
    pub fn instant(self, ms: i64) -> String {
        let text = instant(ms);
        let day = text.get(..10).unwrap_or_default();
        let minute = text.get(11..16).unwrap_or_default();
        format!("{day} {minute} UTC")
    }

    /// A question.
    pub fn question(self, question: Question) -> &'static str {
        let (en, fr) = match question {
            Question::Used => ("Was it used enough to judge?", "A-t-il assez servi pour en juger?"),
            Question::Available => {
                ("Is it there when it is needed?", "Est-il là quand on en a besoin?")
            }
            Question::Fast => ("Is it fast enough?", "Est-il assez rapide?"),
            Question::Room => (
                "Is there room for those who come?",
                "Y a-t-il de la place pour ceux qui viennent?",
            ),
            Question::Traced => (
                "Is every access in the ledger at once?",
                "Chaque accès est-il aussitôt au registre?",
            ),
            Question::Verified => {
                ("Was the whole ledger verified?", "Le registre entier a-t-il été vérifié?")
            }
            Question::Loaded => ("Are loads complete?", "Les chargements sont-ils complets?"),
            Question::EmergenciesRare => {
                ("Are emergency accesses rare?", "Les accès d’urgence sont-ils rares?")
            }
            Question::EmergenciesReviewed => {
                ("Are emergency accesses reviewed?", "Les accès d’urgence sont-ils examinés?")
            }
            Question::ConflictsRare => (
                "Do changes seldom meet one another?",
                "Les modifications se heurtent-elles rarement?",
            ),
            Question::Forwarded => (
                "Do requests reach the region they belong to?",
                "Les requêtes atteignent-elles leur région?",
            ),
        };
        self.of(en, fr)
    }

    /// An answer.
    pub fn verdict(self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Yes => self.of("yes", "oui"),
            Verdict::No => self.of("no", "non"),
            Verdict::NotEnough => self.of("not enough data", "données insuffisantes"),
        }
    }

    /// What all answers of a region come to.
    pub fn conclusion(self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Yes => self.of("Every question: yes.", "Toutes les questions\u{a0}: oui."),
            Verdict::No => self.of(
                "Not yet: at least one question is answered no.",
                "Pas encore\u{a0}: la réponse à au moins une question est non.",
            ),
            Verdict::NotEnough => self.of(
                "Nothing speaks against it, but some questions lack data.",
                "Rien ne s’y oppose, mais des questions manquent de données.",
            ),
        }
    }

    /// A figure.
    pub fn figure(self, figure: Figure) -> String {
        match figure {
            Figure::Share { whole: 0, .. } => self.figure(Figure::Nothing),
            Figure::Share { part, whole } => format!(
                "{} ({} {} {})",
                self.share(part as f64 / whole.max(1) as f64),
                self.number(part),
                self.of("of", "sur"),
                self.number(whole)
            ),
            Figure::SmallShare { below, whole } => {
                let few = self.small(Number::Below { below });
                match whole > below {
                    true => format!("{few} {} {}", self.of("of", "sur"), self.number(whole)),
                    false => few,
                }
            }
            Figure::AtLeast(share) => format!("≥\u{a0}{}", self.share(share)),
            Figure::AtMost(share) => format!("≤\u{a0}{}", self.share(share)),
            Figure::Milliseconds(ms) => format!("{}\u{a0}ms", self.number(ms)),
            Figure::Use { requests, days } => format!(
                "{}, {}",
                self.many(requests, ["request", "requête"], ["requests", "requêtes"]),
                self.many(days, ["day", "jour"], ["days", "jours"])
            ),
            Figure::Checked { at_ms, size } => format!(
                "{}, {}",
                self.instant(at_ms),
                self.many(size, ["entry", "entrée"], ["entries", "entrées"])
            ),
            Figure::Days(days) => format!(
                "{} {} {}",
                self.of("within", "depuis moins de"),
                self.number(days),
                self.of("days", "jours")
            ),
            Figure::Loads { balanced, all, refused } => format!(
                "{} {} {} {}, {} {}",
                self.number(balanced),
                self.of("of", "sur"),
                self.number(all),
                self.of("balanced", "concordent"),
                self.share(refused),
                self.of("refused", "refusés")
            ),
            Figure::Nothing => self.of("nothing counted", "rien de compté").to_owned(),
        }
    }

    /// A word of refusals or events, as people say it.
    pub fn word(self, word: &str) -> String {
        let known = WORDS.iter().find(|(held, ..)| *held == word);
        known.map_or_else(|| word.to_owned(), |(_, en, fr)| self.of(en, fr).to_owned())
    }
}

/// Without the zeros that say nothing.
fn trimmed(text: &str) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The words of [`crate::reason::WORDS`] and of [`crate::slice::Event`].
pub const WORDS: [(&str, &str, &str); 44] = [
    ("token-missing", "no token", "sans jeton"),
    ("token-expired", "token expired", "jeton expiré"),
    ("token-refused", "token not believed", "jeton non cru"),
    ("scope", "not in the token’s scopes", "hors de la portée du jeton"),
    ("other-person", "another person’s record", "dossier d’une autre personne"),
    ("audit-only", "auditor asked for a chart", "dossier demandé par un vérificateur"),
    ("audit", "accesses of others", "accès d’autrui"),
    (
        "audit-is-written-by-the-record",
        "changing the trace of accesses",
        "modification de la trace des accès",
    ),
    ("purpose", "purpose is not care", "but autre que les soins"),
    ("research-purpose", "purpose is not research", "but autre que la recherche"),
    ("authorization", "no authorization in force", "sans autorisation en vigueur"),
    ("age", "under the age of access", "sous l’âge d’accès"),
    ("proxy", "beyond a proxy’s rights", "hors des droits du mandataire"),
    ("region", "another region’s door", "porte d’une autre région"),
    ("break-glass", "may not declare an emergency", "ne peut déclarer d’urgence"),
    ("emergency-reason", "emergency without a fit reason", "urgence sans motif valable"),
    ("self-grant", "rights given to oneself", "droits donnés à soi-même"),
    ("operator", "for the region’s operator", "réservé à l’exploitant de la région"),
    ("forbidden", "otherwise not allowed", "autrement non autorisé"),
    ("invalid", "invalid request", "requête non valide"),
    ("not-found", "not found", "introuvable"),
    ("method", "method not possible", "méthode impossible"),
    ("not-acceptable", "form not available", "forme non offerte"),
    ("slow", "sent too slowly", "envoyé trop lentement"),
    ("conflict", "conflict", "conflit"),
    ("deleted", "deleted", "supprimé"),
    ("precondition", "version is not the one expected", "version autre que celle attendue"),
    ("too-large", "too large", "trop grand"),
    ("media-type", "media type not known", "type de média inconnu"),
    ("unprocessable", "breaks a rule", "contraire à une règle"),
    ("failed", "failed inside", "échec interne"),
    ("peer", "another door did not answer", "une autre porte n’a pas répondu"),
    ("unavailable", "store or journal away", "magasin ou journal absent"),
    ("shed", "no room", "plus de place"),
    ("other", "other", "autre"),
    ("forwarded", "forwarded", "transmises"),
    ("forward-failed", "forwarding failed", "transmissions échouées"),
    ("redirected", "redirected", "redirigées"),
    ("served-for-neighbour", "served for a neighbour", "servies pour une voisine"),
    ("neighbour-changed", "a neighbour went or came back", "voisine partie ou revenue"),
    ("shed-emergency", "shed: emergencies", "délestées\u{a0}: urgences"),
    ("shed-write", "shed: changes", "délestées\u{a0}: modifications"),
    ("shed-read", "shed: reads", "délestées\u{a0}: lectures"),
    ("shed-bulk", "shed: exports and histories", "délestées\u{a0}: exports et historiques"),
];
