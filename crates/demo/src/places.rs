//! The two pilot regions: establishments, installations, municipalities.
//!
//! Establishment codes are the demonstration codes of `infra/regions`.

use crate::{dice::Dice, names::Group};

/// One pilot region as the generator sees it.
#[derive(Debug)]
pub(crate) struct Place {
    /// Health region code.
    pub code: &'static str,
    /// Telephone area code.
    pub area: &'static str,
    /// Establishments: id, name, weight.
    pub establishments: &'static [(u64, (&'static str, &'static str))],
    /// Installations of the first establishment: id, name, municipality.
    pub installations: &'static [(&'static str, &'static str, &'static str)],
    /// Municipalities with their postal areas and weight.
    pub municipalities: &'static [(u64, (&'static str, &'static [&'static str]))],
    /// Streets of any of them.
    pub streets: &'static [&'static str],
    /// Groups by thousand.
    pub groups: &'static [(u64, Group)],
    /// Practitioners of the region.
    pub practitioners: u64,
}

/// Where a household lives.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// Street line.
    pub line: String,
    /// Municipality.
    pub city: &'static str,
    /// `A1A 1A1`.
    pub postal_code: String,
}

impl Place {
    /// An address in the region.
    pub(crate) fn address(&self, dice: &mut Dice) -> Address {
        let (city, areas) = dice.weighted(self.municipalities);
        let (number, street) = (dice.between(11, 9850), dice.pick(self.streets));
        let line = if dice.chance(300) {
            format!("{number}, {street}, app. {}", dice.between(1, 48))
        } else {
            format!("{number}, {street}")
        };
        let letters = ["A", "B", "C", "E", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "T"];
        let postal_code = format!(
            "{} {}{}{}",
            dice.pick(areas),
            dice.between(1, 9),
            dice.pick(&letters),
            dice.between(1, 9)
        );
        Address { line, city, postal_code }
    }

    /// A number of the range kept free for fiction: 555-0100 to 555-0199.
    pub(crate) fn telephone(&self, dice: &mut Dice) -> String {
        format!("+1 {} 555-01{:02}", self.area, dice.below(100))
    }

    /// Identifier of practitioner `number` (from 1) of the region.
    pub(crate) fn practitioner(&self, number: u64) -> String {
        format!("D{}-{number:03}", self.code)
    }
}

/// Montréal (06).
pub(crate) const MONTREAL: Place = Place {
    code: "06",
    area: "514",
    establishments: &[
        (70, ("demo-06-nim", "CIUSSS du Nord-de-l'Île-de-Montréal")),
        (6, ("demo-06-oim", "CIUSSS de l'Ouest-de-l'Île-de-Montréal")),
        (6, ("demo-06-coim", "CIUSSS du Centre-Ouest-de-l'Île-de-Montréal")),
        (6, ("demo-06-csim", "CIUSSS du Centre-Sud-de-l'Île-de-Montréal")),
        (6, ("demo-06-eim", "CIUSSS de l'Est-de-l'Île-de-Montréal")),
        (2, ("demo-06-chum", "Centre hospitalier de l'Université de Montréal")),
        (2, ("demo-06-cusm", "Centre universitaire de santé McGill")),
        (1, ("demo-06-chusj", "Centre hospitalier universitaire Sainte-Justine")),
        (1, ("demo-06-icm", "Institut de cardiologie de Montréal")),
        (0, ("demo-06-ipm", "Institut national de psychiatrie légale Philippe-Pinel")),
    ],
    installations: &[
        ("demo-06-nim-01", "Hôpital du Sacré-Cœur-de-Montréal", "Montréal"),
        ("demo-06-nim-02", "Hôpital Fleury", "Montréal"),
        ("demo-06-nim-03", "Hôpital Jean-Talon", "Montréal"),
        ("demo-06-nim-04", "CLSC d'Ahuntsic", "Montréal"),
        ("demo-06-nim-05", "CLSC de Montréal-Nord", "Montréal"),
        ("demo-06-nim-06", "CLSC de La Petite-Patrie", "Montréal"),
    ],
    municipalities: &[
        (400, ("Montréal", &["H1G", "H1H", "H2A", "H2B", "H2C", "H2E", "H2M", "H2N", "H2P"])),
        (400, ("Montréal", &["H2R", "H2S", "H3L", "H3M", "H4J", "H4K", "H4L", "H1K", "H1R"])),
        (40, ("Côte-Saint-Luc", &["H4V", "H4W"])),
        (30, ("Westmount", &["H3Y", "H3Z"])),
        (40, ("Dollard-Des Ormeaux", &["H9A", "H9B", "H9G"])),
        (40, ("Pointe-Claire", &["H9R"])),
        (30, ("Dorval", &["H9P", "H9S"])),
        (20, ("Mont-Royal", &["H3P", "H3R"])),
    ],
    streets: &[
        "rue Saint-Denis",
        "avenue du Parc",
        "boulevard Henri-Bourassa",
        "boulevard Gouin",
        "rue Fleury",
        "rue Sherbrooke",
        "avenue Papineau",
        "rue Jean-Talon",
        "rue Lajeunesse",
        "avenue Christophe-Colomb",
        "rue de Salaberry",
        "avenue des Pins",
    ],
    groups: &[
        (520, Group::French),
        (175, Group::English),
        (12, Group::Inuit),
        (8, Group::Cree),
        (100, Group::Arabic),
        (70, Group::Haitian),
        (55, Group::Hispanic),
        (60, Group::Asian),
    ],
    practitioners: 60,
};

/// Mauricie-et-Centre-du-Québec (04).
pub(crate) const MAURICIE: Place = Place {
    code: "04",
    area: "819",
    establishments: &[(1, ("demo-04-mcq", "CIUSSS de la Mauricie-et-du-Centre-du-Québec"))],
    installations: &[
        ("demo-04-mcq-01", "Centre hospitalier affilié universitaire régional", "Trois-Rivières"),
        ("demo-04-mcq-02", "Hôtel-Dieu d'Arthabaska", "Victoriaville"),
        ("demo-04-mcq-03", "Hôpital du Centre-de-la-Mauricie", "Shawinigan"),
        ("demo-04-mcq-04", "Centre de services du Haut-Saint-Maurice", "La Tuque"),
        ("demo-04-mcq-05", "CLSC de Bécancour", "Bécancour"),
        ("demo-04-mcq-06", "CLSC de Sainte-Thècle", "Sainte-Thècle"),
    ],
    municipalities: &[
        (420, ("Trois-Rivières", &["G8T", "G8V", "G8W", "G8Y", "G8Z", "G9A", "G9B", "G9C"])),
        (160, ("Shawinigan", &["G9N", "G9P", "G9R", "G9T"])),
        (180, ("Victoriaville", &["G6P", "G6R", "G6S", "G6T"])),
        (60, ("Bécancour", &["G9H"])),
        (50, ("La Tuque", &["G9X"])),
        (40, ("Plessisville", &["G6L"])),
        (50, ("Sainte-Thècle", &["G0X"])),
        (40, ("Warwick", &["G0P"])),
    ],
    streets: &[
        "rue Principale",
        "rue Notre-Dame",
        "rue de l'Église",
        "rue des Érables",
        "rue Sainte-Marie",
        "rue Laurier",
        "chemin du Lac",
        "rue Saint-Joseph",
        "rue Bellevue",
        "rang Saint-Louis",
        "rue du Collège",
        "avenue Royale",
    ],
    groups: &[
        (918, Group::French),
        (20, Group::English),
        (3, Group::Inuit),
        (9, Group::Cree),
        (15, Group::Arabic),
        (10, Group::Haitian),
        (17, Group::Hispanic),
        (8, Group::Asian),
    ],
    practitioners: 40,
};
