//! A person's years of care, in order.

use crate::catalogue::{
    BLOOD_COUNT, DIABETES, DIABETES_FOLLOW_UP, HYPERTENSION, LASTING, LIPIDS, METABOLIC, PASSING,
    PROCEDURES, Panel, THYROID,
};
use crate::date::{Date, YEAR};
use crate::dice::Dice;
use crate::family::Person;
use crate::json::Writer;
use crate::visit::{Kind, Visit};
use crate::{document, laboratory, prevention, problem, visit};

/// Charts reach back so far at most.
const YEARS_MAX: i64 = 9;

/// Days of age of a small child's check-ups.
const CHECK_UPS: [i64; 8] = [14, 61, 122, 183, 275, 366, 549, 731];

/// Writes every entry of the chart but the `Patient`.
pub(crate) fn write(w: &mut Writer, person: &Person, dice: &mut Dice) {
    let lasting = lasting(person, dice);
    problem::allergies(w, person, dice);
    let has = |code: &str| lasting.iter().any(|held| held.code.code == code);
    let (hypertension, diabetes) = (has(HYPERTENSION), has(DIABETES));
    let mut undeclared = lasting.into_iter();
    for day in days(person, dice) {
        let visit = visit::write(w, person, day, kind(person, day, dice), dice);
        visit::vital_signs(w, person, &visit, hypertension, dice);
        if let Some(held) = undeclared.next() {
            let condition = problem::lasting(w, person, &visit, held.code, dice);
            if let Some(drug) = held.drug {
                problem::prescription(w, person, &visit, (drug, &condition, true), dice);
            }
        }
        happens(w, person, &visit, diabetes, dice);
    }
    prevention::immunizations(w, person, dice);
}

/// What a visit leads to.
fn happens(w: &mut Writer, person: &Person, visit: &Visit, diabetes: bool, dice: &mut Dice) {
    let age = person.age(visit.day);
    if visit.kind != Kind::CheckUp || dice.chance(150) {
        let (code, drug) = dice.weighted(&PASSING);
        let condition = problem::passing(w, person, visit, code, dice);
        if let Some(drug) = drug.filter(|_| age >= 12) {
            problem::prescription(w, person, visit, (drug, &condition, false), dice);
        }
    }
    let blood = if age < 16 { 60 } else { 330 };
    if dice.chance(blood) {
        for panel in panels(age, diabetes, dice) {
            laboratory::report(w, person, visit, panel, dice);
        }
    }
    for (from, per_mille, code) in PROCEDURES {
        let fits = code.code != "71651007" || person.female;
        if age >= from && fits && dice.chance(per_mille) {
            prevention::procedure(w, person, visit, code, dice);
        }
    }
    if visit.kind == Kind::Stay || dice.chance(300) {
        document::write(w, person, visit, dice);
    }
}

fn panels(age: i64, diabetes: bool, dice: &mut Dice) -> Vec<&'static Panel> {
    let mut panels = vec![&BLOOD_COUNT];
    if age >= 16 && dice.chance(600) {
        panels.push(&METABOLIC);
    }
    if age >= 40 && dice.chance(450) {
        panels.push(&LIPIDS);
    }
    if diabetes {
        panels.push(&DIABETES_FOLLOW_UP);
    }
    if age >= 25 && dice.chance(200) {
        panels.push(&THYROID);
    }
    panels
}

fn lasting(person: &Person, dice: &mut Dice) -> Vec<crate::catalogue::Lasting> {
    let age = person.age(person.end());
    let mut held = Vec::new();
    for condition in LASTING {
        if age < condition.age_from {
            continue;
        }
        let span = (80 - condition.age_from).max(1);
        let way = (age - condition.age_from).min(span);
        let rise = condition.per_mille_old - condition.per_mille_young;
        let per_mille = condition.per_mille_young + rise * way / span;
        if dice.chance(u64::try_from(per_mille).unwrap_or(0)) {
            held.push(condition);
        }
    }
    held
}

/// Days of visits, in order.
fn days(person: &Person, dice: &mut Dice) -> Vec<Date> {
    let end = person.end();
    let start = person.birth.max(end.plus(-YEARS_MAX * YEAR));
    let mut days: Vec<Date> = CHECK_UPS
        .iter()
        .map(|age| person.birth.plus(age + dice.between(0, 12)))
        .filter(|day| *day >= start && *day < end)
        .collect();
    let mut day = start.max(person.birth.plus(2 * YEAR)).plus(dice.between(0, 300));
    while day < end {
        days.push(day);
        let apart = match person.age(day) {
            0..=17 => 380,
            18..=44 => 330,
            45..=64 => 250,
            65..=79 => 185,
            _ => 150,
        };
        day = day.plus(dice.between(apart / 3, apart * 5 / 3));
    }
    days
}

fn kind(person: &Person, day: Date, dice: &mut Dice) -> Kind {
    let age = person.age(day);
    if age < 2 {
        return dice.weighted(&[(8, Kind::CheckUp), (1, Kind::Emergency)]);
    }
    let stays = if age >= 75 { 9 } else { 3 };
    dice.weighted(&[
        (45, Kind::CheckUp),
        (35, Kind::Problem),
        (12, Kind::Emergency),
        (8, Kind::Remote),
        (stays, Kind::Stay),
    ])
}
