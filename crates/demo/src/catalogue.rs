//! What people have, take and are given: codes and French displays.
//!
//! SNOMED CT, LOINC, ATC and CVX codes as public examples of FHIR use them.

use crate::json::Code;
use crate::systems::{ATC, CVX, LOINC, SNOMED};

const fn snomed(code: &'static str, display: &'static str) -> Code {
    Code::new(SNOMED, code, display)
}

const fn atc(code: &'static str, display: &'static str) -> Code {
    Code::new(ATC, code, display)
}

const fn loinc(code: &'static str, display: &'static str) -> Code {
    Code::new(LOINC, code, display)
}

const fn cvx(code: &'static str, display: &'static str) -> Code {
    Code::new(CVX, code, display)
}

/// A medicine with its usual directions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Drug {
    pub code: Code,
    pub directions: &'static str,
    /// Dose in `unit`.
    pub dose: &'static str,
    pub unit: &'static str,
    pub times_a_day: &'static str,
}

const fn drug(
    code: Code,
    directions: &'static str,
    (dose, unit): (&'static str, &'static str),
    times_a_day: &'static str,
) -> Drug {
    Drug { code, directions, dose, unit, times_a_day }
}

/// A lasting condition: from which age, how often by thousand at that age and
/// at 80, and what is taken for it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lasting {
    pub code: Code,
    pub age_from: i64,
    pub per_mille_young: i64,
    pub per_mille_old: i64,
    pub drug: Option<Drug>,
}

const fn lasting(
    code: Code,
    age_from: i64,
    (per_mille_young, per_mille_old): (i64, i64),
    drug: Option<Drug>,
) -> Lasting {
    Lasting { code, age_from, per_mille_young, per_mille_old, drug }
}

pub(crate) const HYPERTENSION: &str = "38341003";
pub(crate) const DIABETES: &str = "44054006";

pub(crate) const LASTING: [Lasting; 16] = [
    lasting(
        snomed(HYPERTENSION, "Hypertension artérielle"),
        35,
        (60, 620),
        Some(drug(
            atc("C09AA05", "Ramipril 5 mg, capsule"),
            "1 capsule une fois par jour",
            ("5", "mg"),
            "1",
        )),
    ),
    lasting(
        snomed(DIABETES, "Diabète de type 2"),
        35,
        (20, 240),
        Some(drug(
            atc("A10BA02", "Metformine 500 mg, comprimé"),
            "1 comprimé deux fois par jour avec les repas",
            ("500", "mg"),
            "2",
        )),
    ),
    lasting(
        snomed("55822004", "Hyperlipidémie"),
        35,
        (80, 480),
        Some(drug(
            atc("C10AA05", "Atorvastatine 20 mg, comprimé"),
            "1 comprimé au coucher",
            ("20", "mg"),
            "1",
        )),
    ),
    lasting(
        snomed("195967001", "Asthme"),
        3,
        (110, 60),
        Some(drug(
            atc("R03AC02", "Salbutamol 100 µg, aérosol"),
            "1 à 2 inhalations au besoin",
            ("0.1", "mg"),
            "4",
        )),
    ),
    lasting(
        snomed("35489007", "Trouble dépressif"),
        15,
        (70, 110),
        Some(drug(
            atc("N06AB04", "Citalopram 20 mg, comprimé"),
            "1 comprimé le matin",
            ("20", "mg"),
            "1",
        )),
    ),
    lasting(snomed("197480006", "Trouble anxieux"), 12, (100, 70), None),
    lasting(
        snomed("40930008", "Hypothyroïdie"),
        25,
        (25, 140),
        Some(drug(
            atc("H03AA01", "Lévothyroxine 0,075 mg, comprimé"),
            "1 comprimé à jeun",
            ("0.075", "mg"),
            "1",
        )),
    ),
    lasting(snomed("396275006", "Arthrose"), 45, (90, 520), None),
    lasting(
        snomed("235595009", "Reflux gastro-œsophagien"),
        25,
        (70, 210),
        Some(drug(
            atc("A02BC02", "Pantoprazole 40 mg, comprimé"),
            "1 comprimé avant le déjeuner",
            ("40", "mg"),
            "1",
        )),
    ),
    lasting(
        snomed("49436004", "Fibrillation auriculaire"),
        55,
        (15, 130),
        Some(drug(
            atc("B01AF02", "Apixaban 5 mg, comprimé"),
            "1 comprimé deux fois par jour",
            ("5", "mg"),
            "2",
        )),
    ),
    lasting(
        snomed("414545008", "Cardiopathie ischémique"),
        50,
        (30, 210),
        Some(drug(
            atc("B01AC06", "Acide acétylsalicylique 80 mg, comprimé"),
            "1 comprimé une fois par jour",
            ("80", "mg"),
            "1",
        )),
    ),
    lasting(
        snomed("13645005", "Maladie pulmonaire obstructive chronique"),
        45,
        (20, 150),
        Some(drug(
            atc("R03BB04", "Tiotropium 18 µg, capsule à inhaler"),
            "1 inhalation par jour",
            ("0.018", "mg"),
            "1",
        )),
    ),
    lasting(snomed("709044004", "Maladie rénale chronique"), 55, (20, 200), None),
    lasting(snomed("37796009", "Migraine"), 12, (100, 60), None),
    lasting(snomed("84757009", "Épilepsie"), 4, (6, 9), None),
    lasting(snomed("52448006", "Démence"), 68, (20, 170), None),
];

/// What passes: the condition and, sometimes, what is prescribed.
pub(crate) const PASSING: [(u64, (Code, Option<Drug>)); 9] = [
    (30, (snomed("195662009", "Pharyngite virale aiguë"), None)),
    (18, (snomed("444814009", "Sinusite virale"), None)),
    (
        14,
        (
            snomed("65363002", "Otite moyenne"),
            Some(drug(
                atc("J01CA04", "Amoxicilline 500 mg, capsule"),
                "1 capsule trois fois par jour pendant 7 jours",
                ("500", "mg"),
                "3",
            )),
        ),
    ),
    (12, (snomed("10509002", "Bronchite aiguë"), None)),
    (
        10,
        (
            snomed("68566005", "Infection urinaire"),
            Some(drug(
                atc("J01XE01", "Nitrofurantoïne 100 mg, capsule"),
                "1 capsule deux fois par jour pendant 5 jours",
                ("100", "mg"),
                "2",
            )),
        ),
    ),
    (10, (snomed("25374005", "Gastro-entérite"), None)),
    (
        9,
        (
            snomed("44465007", "Entorse de la cheville"),
            Some(drug(
                atc("M01AE01", "Ibuprofène 400 mg, comprimé"),
                "1 comprimé aux 6 heures au besoin",
                ("400", "mg"),
                "4",
            )),
        ),
    ),
    (8, (snomed("279039007", "Lombalgie"), None)),
    (6, (snomed("24079001", "Dermatite atopique"), None)),
];

/// Allergies: code, category, reaction.
pub(crate) const ALLERGIES: [(u64, (Code, &str, Code)); 8] = [
    (30, (snomed("91936005", "Allergie à la pénicilline"), "medication", HIVES)),
    (12, (snomed("91935009", "Allergie aux arachides"), "food", ANAPHYLAXIS)),
    (10, (snomed("300913006", "Allergie aux crustacés"), "food", HIVES)),
    (8, (snomed("91930004", "Allergie aux œufs"), "food", ECZEMA)),
    (14, (snomed("418689008", "Allergie au pollen de graminées"), "environment", RHINITIS)),
    (10, (snomed("232347008", "Allergie aux poils d'animaux"), "environment", RHINITIS)),
    (6, (snomed("300916003", "Allergie au latex"), "environment", HIVES)),
    (8, (snomed("91939003", "Allergie aux sulfamides"), "medication", ECZEMA)),
];

const HIVES: Code = snomed("126485001", "Urticaire");
const ANAPHYLAXIS: Code = snomed("39579001", "Anaphylaxie");
const ECZEMA: Code = snomed("271807003", "Éruption cutanée");
const RHINITIS: Code = snomed("61582004", "Rhinite allergique");

/// Childhood immunizations: age in days, vaccine.
pub(crate) const CHILDHOOD: [(i64, Code); 17] = [
    (62, cvx("146", "DCaT-VPI-Hib-HB")),
    (62, cvx("133", "Pneumocoque conjugué")),
    (62, cvx("116", "Rotavirus")),
    (124, cvx("146", "DCaT-VPI-Hib-HB")),
    (124, cvx("133", "Pneumocoque conjugué")),
    (124, cvx("116", "Rotavirus")),
    (367, cvx("146", "DCaT-VPI-Hib-HB")),
    (367, cvx("133", "Pneumocoque conjugué")),
    (367, cvx("94", "Rougeole-rubéole-oreillons-varicelle")),
    (550, cvx("94", "Rougeole-rubéole-oreillons-varicelle")),
    (550, cvx("103", "Méningocoque C conjugué")),
    (550, cvx("83", "Hépatite A")),
    (1690, cvx("130", "DCaT-VPI")),
    (3500, cvx("104", "Hépatite A et B")),
    (3500, cvx("165", "Papillomavirus, neuf valences")),
    (5300, cvx("114", "Méningocoque ACWY")),
    (5300, cvx("115", "dcaT")),
];

pub(crate) const INFLUENZA: Code = cvx("150", "Influenza, injectable");
pub(crate) const COVID: Code = cvx("208", "COVID-19, ARNm");
pub(crate) const TETANUS: Code = cvx("113", "Diphtérie-tétanos");
pub(crate) const PNEUMOCOCCUS: Code = cvx("33", "Pneumocoque polysaccharidique");
pub(crate) const ZOSTER: Code = cvx("187", "Zona, recombinant");

/// A measurement: what, unit, bounds in the last digit, digits after the point.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Analyte {
    pub code: Code,
    pub unit: &'static str,
    pub low: i64,
    pub high: i64,
    pub places: u32,
}

const fn analyte(code: Code, unit: &'static str, (low, high): (i64, i64), places: u32) -> Analyte {
    Analyte { code, unit, low, high, places }
}

/// A laboratory panel.
pub(crate) struct Panel {
    pub code: Code,
    pub analytes: &'static [Analyte],
}

pub(crate) const BLOOD_COUNT: Panel = Panel {
    code: loinc("58410-2", "Formule sanguine complète"),
    analytes: &[
        analyte(loinc("718-7", "Hémoglobine"), "g/L", (118, 172), 0),
        analyte(loinc("4544-3", "Hématocrite"), "%", (352, 512), 1),
        analyte(loinc("6690-2", "Leucocytes"), "10*9/L", (38, 112), 1),
        analyte(loinc("777-3", "Plaquettes"), "10*9/L", (148, 405), 0),
    ],
};

pub(crate) const METABOLIC: Panel = Panel {
    code: loinc("24320-4", "Bilan métabolique de base"),
    analytes: &[
        analyte(loinc("14682-9", "Créatinine"), "umol/L", (44, 118), 0),
        analyte(loinc("2951-2", "Sodium"), "mmol/L", (134, 146), 0),
        analyte(loinc("2823-3", "Potassium"), "mmol/L", (34, 52), 1),
        analyte(loinc("14749-6", "Glucose"), "mmol/L", (39, 68), 1),
    ],
};

pub(crate) const LIPIDS: Panel = Panel {
    code: loinc("24331-1", "Bilan lipidique"),
    analytes: &[
        analyte(loinc("14647-2", "Cholestérol total"), "mmol/L", (310, 690), 2),
        analyte(loinc("14646-4", "Cholestérol HDL"), "mmol/L", (80, 220), 2),
        analyte(loinc("39469-2", "Cholestérol LDL"), "mmol/L", (150, 480), 2),
        analyte(loinc("14927-8", "Triglycérides"), "mmol/L", (50, 330), 2),
    ],
};

pub(crate) const DIABETES_FOLLOW_UP: Panel = Panel {
    code: loinc("55399-0", "Suivi du diabète"),
    analytes: &[
        analyte(loinc("4548-4", "Hémoglobine A1c"), "%", (58, 96), 1),
        analyte(loinc("14749-6", "Glucose"), "mmol/L", (54, 145), 1),
    ],
};

pub(crate) const THYROID: Panel = Panel {
    code: loinc("24348-5", "Bilan thyroïdien"),
    analytes: &[analyte(loinc("3016-3", "Thyréotropine (TSH)"), "m[IU]/L", (35, 620), 2)],
};

/// Procedures: from which age, by thousand visits, code.
pub(crate) const PROCEDURES: [(i64, u64, Code); 7] = [
    (50, 45, snomed("73761001", "Coloscopie")),
    (40, 35, snomed("29303009", "Électrocardiogramme")),
    (50, 40, snomed("71651007", "Mammographie")),
    (10, 6, snomed("80146002", "Appendicectomie")),
    (18, 20, snomed("23426006", "Mesure de la fonction pulmonaire")),
    (60, 70, snomed("430193006", "Bilan comparatif des médicaments")),
    (2, 15, snomed("288086009", "Suture d'une plaie")),
];
