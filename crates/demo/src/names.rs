//! Common names of the people of the two pilot regions.

use crate::dice::Dice;

/// Whose names a family bears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Group {
    /// French-speaking.
    #[default]
    French,
    /// English-speaking.
    English,
    /// Inuit, living in the south or here for care.
    Inuit,
    /// Cree (Eeyou), likewise.
    Cree,
    /// From the Maghreb or the Middle East.
    Arabic,
    /// From Haiti.
    Haitian,
    /// From Latin America.
    Hispanic,
    /// From Asia.
    Asian,
}

/// Given names, then family names.
struct Names {
    female: &'static [&'static str],
    male: &'static [&'static str],
    family: &'static [&'static str],
}

impl Group {
    /// Tag of the language in which to speak with them (BCP 47).
    pub(crate) fn language(self, dice: &mut Dice) -> &'static str {
        match self {
            Self::French => "fr-CA",
            Self::English => "en-CA",
            Self::Inuit => dice.weighted(&[(6, "iu"), (3, "en-CA"), (1, "fr-CA")]),
            Self::Cree => dice.weighted(&[(5, "cr"), (4, "en-CA"), (1, "fr-CA")]),
            Self::Arabic => dice.weighted(&[(6, "fr-CA"), (3, "ar"), (1, "en-CA")]),
            Self::Haitian => dice.weighted(&[(7, "fr-CA"), (3, "ht")]),
            Self::Hispanic => dice.weighted(&[(5, "fr-CA"), (4, "es"), (1, "en-CA")]),
            Self::Asian => dice.weighted(&[(4, "en-CA"), (3, "fr-CA"), (2, "zh"), (1, "vi")]),
        }
    }

    /// Newcomers, among whom some wait for their card.
    pub(crate) fn newcomer(self) -> bool {
        matches!(self, Self::Arabic | Self::Haitian | Self::Hispanic | Self::Asian)
    }

    fn names(self) -> &'static Names {
        match self {
            Self::French => &FRENCH,
            Self::English => &ENGLISH,
            Self::Inuit => &INUIT,
            Self::Cree => &CREE,
            Self::Arabic => &ARABIC,
            Self::Haitian => &HAITIAN,
            Self::Hispanic => &HISPANIC,
            Self::Asian => &ASIAN,
        }
    }

    /// A given name, compound now and then among French speakers.
    pub(crate) fn given(self, female: bool, dice: &mut Dice) -> String {
        let names = self.names();
        let list = if female { names.female } else { names.male };
        let first = dice.pick(list);
        let compound = self == Self::French && dice.chance(120);
        match (compound, female) {
            (true, true) if first != "Marie" => format!("Marie-{first}"),
            (true, false) if first != "Jean" => format!("Jean-{first}"),
            _ => first.to_owned(),
        }
    }

    /// A family name; the first of the list are the most common.
    pub(crate) fn family(self, dice: &mut Dice) -> String {
        let list = self.names().family;
        let common = list.get(..list.len() / 3).unwrap_or(list);
        let list = if dice.chance(400) { common } else { list };
        dice.pick(list).to_owned()
    }
}

const FRENCH: Names = Names {
    female: &[
        "Marie",
        "Julie",
        "Sylvie",
        "Nathalie",
        "Isabelle",
        "Chantal",
        "Louise",
        "Johanne",
        "Manon",
        "Josée",
        "Mélanie",
        "Geneviève",
        "Stéphanie",
        "Véronique",
        "Caroline",
        "Annie",
        "Catherine",
        "Émilie",
        "Camille",
        "Léa",
        "Rosalie",
        "Florence",
        "Juliette",
        "Alice",
        "Zoé",
        "Jeanne",
        "Béatrice",
        "Thérèse",
        "Ginette",
        "Huguette",
        "Noémie",
        "Océane",
    ],
    male: &[
        "Michel",
        "Pierre",
        "Martin",
        "Daniel",
        "Alain",
        "Sylvain",
        "Stéphane",
        "Éric",
        "François",
        "Patrick",
        "Mathieu",
        "Maxime",
        "Alexandre",
        "Simon",
        "Nicolas",
        "Jonathan",
        "Samuel",
        "William",
        "Félix",
        "Olivier",
        "Thomas",
        "Gabriel",
        "Antoine",
        "Raphaël",
        "Étienne",
        "Guy",
        "Réal",
        "Normand",
        "Gilles",
        "André",
        "Zachary",
        "Édouard",
    ],
    family: &[
        "Tremblay",
        "Gagnon",
        "Roy",
        "Côté",
        "Bouchard",
        "Gauthier",
        "Morin",
        "Lavoie",
        "Fortin",
        "Gagné",
        "Ouellet",
        "Pelletier",
        "Bélanger",
        "Lévesque",
        "Bergeron",
        "Leblanc",
        "Paquette",
        "Girard",
        "Simard",
        "Boucher",
        "Caron",
        "Beaulieu",
        "Cloutier",
        "Dubé",
        "Poirier",
        "Fournier",
        "Lapointe",
        "Leclerc",
        "Lefebvre",
        "Poulin",
        "Thibault",
        "St-Pierre",
        "Nadeau",
        "Martel",
        "Desjardins",
        "Hébert",
        "Grenier",
        "Lessard",
        "Demers",
        "Bernier",
        "Turcotte",
        "Saint-Onge",
        "Trudel",
        "Lacroix",
        "Veillette",
        "Gélinas",
        "Boisvert",
        "Deschênes",
        "Lamothe",
        "Rousseau",
        "L'Heureux",
        "Désilets",
        "Vaillancourt",
        "Houle",
        "Massicotte",
        "Provencher",
        "Hamel",
        "De la Durantaye",
        "Champagne",
        "Vachon",
        "Tardif",
        "Mercier",
    ],
};

const ENGLISH: Names = Names {
    female: &[
        "Emily",
        "Sarah",
        "Jennifer",
        "Margaret",
        "Susan",
        "Olivia",
        "Charlotte",
        "Emma",
        "Karen",
        "Heather",
        "Patricia",
        "Elizabeth",
        "Amanda",
        "Grace",
        "Hannah",
        "Dorothy",
    ],
    male: &[
        "James", "Robert", "John", "Michael", "David", "Liam", "Ethan", "Andrew", "Kevin",
        "Richard", "Thomas", "Ryan", "Matthew", "Peter", "Gordon", "Lucas",
    ],
    family: &[
        "Smith",
        "Brown",
        "Campbell",
        "MacDonald",
        "Johnson",
        "Wilson",
        "Taylor",
        "Murphy",
        "Thompson",
        "Stewart",
        "O'Connor",
        "Robinson",
        "Clark",
        "Ross",
        "Kelly",
        "Walker",
        "Scott",
        "Young",
        "Fraser",
        "Mitchell",
        "Hughes",
        "Palmer",
        "Bennett",
        "McKay",
        "Sullivan",
    ],
};

const INUIT: Names = Names {
    female: &["Annie", "Lucy", "Siasi", "Louisa", "Maggie", "Elisapie", "Akinisie", "Minnie"],
    male: &["Putulik", "Charlie", "Johnny", "Adamie", "Noah", "Tivi", "Jaaka", "Elijah"],
    family: &[
        "Annahatak",
        "Qumak",
        "Tukkiapik",
        "Kasudluak",
        "Nappaaluk",
        "Echalook",
        "Alaku",
        "Weetaluktuk",
        "Etok",
        "Ningiuruvik",
        "Saunders",
        "Iqaluk",
    ],
};

const CREE: Names = Names {
    female: &["Mary", "Emily", "Juliette", "Daisy", "Violet", "Linda", "Rose", "Kayla"],
    male: &["George", "Matthew", "Abel", "Josie", "Roderick", "Samuel", "Elijah", "Kenny"],
    family: &[
        "Mianscum",
        "Iserhoff",
        "Coonishish",
        "Matoush",
        "Blacksmith",
        "Neeposh",
        "Gull",
        "Shecapio",
        "Bosum",
        "Rabbitskin",
        "Happyjack",
        "Pachanos",
    ],
};

const ARABIC: Names = Names {
    female: &["Fatima", "Amina", "Nadia", "Leïla", "Yasmine", "Samira", "Khadija", "Rania"],
    male: &["Mohamed", "Karim", "Youssef", "Ahmed", "Rachid", "Omar", "Ali", "Bilal"],
    family: &[
        "Benali",
        "Haddad",
        "Mansouri",
        "El Amrani",
        "Khoury",
        "Bouzid",
        "Cherif",
        "Saïdi",
        "Belkacem",
        "Nasser",
        "Zerrouki",
        "Ben Youssef",
    ],
};

const HAITIAN: Names = Names {
    female: &["Marlène", "Guerline", "Roseline", "Nadège", "Widline", "Fabiola", "Islande"],
    male: &["Jean-Robert", "Wilner", "Frantz", "Ronald", "Stanley", "Emmanuel", "Jocelyn"],
    family: &[
        "Joseph",
        "Jean-Baptiste",
        "Pierre",
        "Charles",
        "Louis",
        "Desrosiers",
        "Toussaint",
        "Estimé",
        "Dorvil",
        "Célestin",
        "Augustin",
        "Jean-Louis",
    ],
};

const HISPANIC: Names = Names {
    female: &["María", "Sofía", "Carmen", "Lucía", "Gabriela", "Valentina", "Ana", "Rosa"],
    male: &["José", "Carlos", "Luis", "Miguel", "Diego", "Andrés", "Santiago", "Jorge"],
    family: &[
        "García",
        "Rodríguez",
        "Hernández",
        "Martínez",
        "López",
        "González",
        "Pérez",
        "Ramírez",
        "Torres Vargas",
        "Muñoz",
        "Castillo",
        "Núñez",
    ],
};

const ASIAN: Names = Names {
    female: &["Mei", "Linh", "Priya", "Li Na", "Thi Hoa", "Anjali", "Xin", "Maria"],
    male: &["Wei", "Minh", "Raj", "Jun", "Van Thanh", "Arjun", "Hao", "Antonio"],
    family: &[
        "Nguyen", "Chen", "Wang", "Singh", "Tran", "Patel", "Li", "Zhang", "Pham", "Sharma",
        "Santos", "Kim",
    ],
};
