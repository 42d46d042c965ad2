//! Who lives together, and what tells them apart.

use crate::date::{Date, TODAY, YEAR};
use crate::dice::Dice;
use crate::nam;
use crate::names::Group;
use crate::places::{Address, MAURICIE, MONTREAL, Place};

/// A card number and when it held.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub nam: String,
    pub start: Option<Date>,
    pub end: Option<Date>,
}

/// One person before anything happened to them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Stable identifier of the demonstration.
    pub id: String,
    pub urn: String,
    pub place: &'static Place,
    pub establishment: (&'static str, &'static str),
    /// Identifier of their usual practitioner; some have none.
    pub practitioner: Option<String>,
    pub address: Address,
    pub telephone: Option<String>,
    pub language: &'static str,
    pub family: String,
    pub given: Vec<String>,
    /// Family name of the time before a change, and the day of the change.
    pub former: Option<(String, Date)>,
    pub female: bool,
    /// Administrative gender.
    pub gender: &'static str,
    pub birth: Date,
    pub death: Option<Date>,
    /// Given and family name.
    pub mother: (String, String),
    pub father: Option<(String, String)>,
    pub cards: Vec<Card>,
    /// The mother's NAM, while a newborn is cared for under it.
    pub parent_card: Option<String>,
    /// Order among twins.
    pub multiple_birth: Option<u8>,
    pub married: Option<bool>,
}

impl Person {
    /// Whole years at `day`.
    pub(crate) fn age(&self, day: Date) -> i64 {
        day.years_since(self.birth)
    }

    /// Last day of the chart.
    pub(crate) fn end(&self) -> Date {
        self.death.unwrap_or(TODAY)
    }
}

#[derive(Clone, Copy, Default)]
enum Household {
    #[default]
    Single,
    Couple,
    Elderly,
    ElderlyCouple,
    Family,
    OneParent,
    Twins,
    Newborn,
    SameName,
}

/// The household under construction.
struct Home<'a> {
    seed: u64,
    index: u64,
    dice: &'a mut Dice,
    group: Group,
    place: &'static Place,
    establishment: (&'static str, &'static str),
    address: Address,
    people: Vec<Person>,
}

/// The people of family `index`.
pub(crate) fn people(seed: u64, index: u64, dice: &mut Dice) -> Vec<Person> {
    let place = if dice.chance(600) { &MONTREAL } else { &MAURICIE };
    let group = dice.weighted(place.groups);
    let establishment = dice.weighted(place.establishments);
    let address = place.address(dice);
    let household = dice.weighted(&[
        (240, Household::Single),
        (170, Household::Couple),
        (100, Household::Elderly),
        (110, Household::ElderlyCouple),
        (220, Household::Family),
        (80, Household::OneParent),
        (25, Household::Twins),
        (35, Household::Newborn),
        (20, Household::SameName),
    ]);
    let mut home =
        Home { seed, index, dice, group, place, establishment, address, people: Vec::new() };
    home.fill(household);
    home.people
}

impl Home<'_> {
    fn fill(&mut self, household: Household) {
        match household {
            Household::Single => {
                let female = self.dice.chance(500);
                self.adult(female, 18, 67);
            }
            Household::Couple => self.couple(20, 66, true),
            Household::Elderly => {
                let female = self.dice.chance(640);
                self.adult(female, 68, 97);
            }
            Household::ElderlyCouple => self.couple(66, 92, true),
            Household::Family => {
                self.couple(24, 50, false);
                let children = self.dice.weighted(&[(4, 1), (5, 2), (2, 3), (1, 4)]);
                for _ in 0..children {
                    self.child(None);
                }
            }
            Household::OneParent => {
                self.adult(true, 23, 50);
                for _ in 0..self.dice.weighted(&[(5, 1), (3, 2), (1, 3)]) {
                    self.child(None);
                }
            }
            Household::Twins => {
                self.couple(24, 48, false);
                self.twins();
            }
            Household::Newborn => {
                self.couple(21, 40, false);
                self.newborn();
            }
            Household::SameName => {
                self.couple(44, 62, false);
                self.child(None);
                self.namesake();
            }
        }
    }

    /// Two adults of about one age; elsewhere than in parents, one in eight
    /// couples is of one sex.
    fn couple(&mut self, low: i64, high: i64, any: bool) {
        let same = any && self.dice.chance(60);
        let first = same && self.dice.chance(500);
        self.adult(!first, low, high);
        let age = self.people.last().map_or(low, |person| person.age(TODAY));
        self.adult(same && !first, (age - 4).max(18), age + 5);
        for person in &mut self.people {
            person.married = Some(true);
        }
    }

    fn adult(&mut self, female: bool, low: i64, high: i64) {
        let age = self.dice.between(low, high);
        let birth = TODAY.plus(-(age * 1461 / 4) - self.dice.between(1, 360));
        let family = self.group.family(self.dice);
        let mother = (self.group.given(true, self.dice), self.group.family(self.dice));
        let father = (self.group.given(false, self.dice), family.clone());
        let given = self.group.given(female, self.dice);
        let mut person = self.person(family, given, female, birth, mother, Some(father));
        if age > 72 && self.dice.chance(130) {
            person.death = Some(TODAY.plus(-self.dice.between(5, 4 * YEAR)));
        }
        if female && age > 40 && self.dice.chance(160) {
            self.rename(&mut person);
        }
        if self.group.newcomer() && self.dice.chance(110) {
            person.cards.clear();
        }
        self.people.push(person);
    }

    /// A change of family name, and with it of the card.
    fn rename(&mut self, person: &mut Person) {
        let day = person.birth.plus(self.dice.between(22 * YEAR, 38 * YEAR));
        let former = std::mem::replace(&mut person.family, self.group.family(self.dice));
        let number = self.dice.between(1, 9);
        if former != person.family
            && let Some(nam) = self.nam(&person.family, &person.given, person, number)
        {
            for card in &mut person.cards {
                card.end = Some(day.plus(-1));
            }
            person.cards.push(Card { nam, start: Some(day), end: None });
            person.former = Some((former, day));
        }
    }

    fn nam(&self, family: &str, given: &[String], person: &Person, number: i64) -> Option<String> {
        let (year, month, day) = person.birth.civil();
        let date = (u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        let number = u8::try_from(number).ok()?;
        let taken = |nam: &String| {
            self.people.iter().flat_map(|other| &other.cards).any(|card| card.nam == *nam)
        };
        let first = given.first().map_or("", String::as_str);
        (number..number + 9)
            .filter_map(|n| nam::make(family, first, date, person.female, (n - 1) % 9 + 1))
            .find(|nam| !taken(nam))
    }

    fn parents(&self) -> ((String, String), Option<(String, String)>) {
        let name = |person: &Person| {
            let given = person.given.first().cloned().unwrap_or_default();
            let family = person.former.as_ref().map_or(&person.family, |(family, _)| family);
            (given, family.clone())
        };
        let adults = || self.people.iter().take(2).filter(|person| person.age(TODAY) >= 18);
        let mother = adults().find(|person| person.female).map(name);
        let father = adults().find(|person| !person.female).map(name);
        (mother.unwrap_or_default(), father)
    }

    fn parent_age_min(&self) -> i64 {
        let ages = self.people.iter().take(2).map(|parent| parent.age(TODAY));
        ages.filter(|age| *age >= 18).min().unwrap_or(18)
    }

    fn child_family(&mut self) -> String {
        let (mother, father) = self.parents();
        match father {
            Some((_, father)) if mother.1 != father && self.dice.chance(80) => {
                format!("{father}-{}", mother.1)
            }
            Some((_, father)) => father,
            None => mother.1,
        }
    }

    fn child_birth(&mut self) -> Date {
        let youngest = self.parent_age_min();
        let age = self.dice.between(1, (youngest - 20).clamp(1, 17));
        TODAY.plus(-(age * YEAR) - self.dice.between(1, 350))
    }

    fn child(&mut self, birth: Option<Date>) {
        let birth = match birth {
            Some(birth) => birth,
            None => self.child_birth(),
        };
        let female = self.dice.chance(490);
        let family = self.child_family();
        let given = self.group.given(female, self.dice);
        let (mother, father) = self.parents();
        let mut person = self.person(family, given, female, birth, mother, father);
        person.practitioner = self.people.first().and_then(|first| first.practitioner.clone());
        self.people.push(person);
    }

    /// Two children of one birth, in half of the cases of one sex with one
    /// initial, so that their NAM differ in little.
    fn twins(&mut self) {
        let birth = self.child_birth();
        self.child(Some(birth));
        self.child(Some(birth));
        let family = self.people.iter().rev().nth(1).map(|first| first.family.clone());
        let count = self.people.len();
        for (order, index) in (1..).zip(count.saturating_sub(2)..count) {
            if let Some(person) = self.people.get_mut(index) {
                person.multiple_birth = Some(order);
                person.family = family.clone().unwrap_or_default();
                person.cards.clear();
            }
            let number = self.dice.between(1, 9);
            let nam = self
                .people
                .get(index)
                .and_then(|person| self.nam(&person.family, &person.given, person, number));
            if let (Some(nam), Some(person)) = (nam, self.people.get_mut(index)) {
                person.cards.push(Card { nam, start: None, end: None });
            }
        }
    }

    /// Born these weeks: two in three are still cared for under the mother's
    /// card, some without a given name yet.
    fn newborn(&mut self) {
        let birth = TODAY.plus(-self.dice.between(2, 50));
        self.child(Some(birth));
        let unnamed = self.dice.chance(400);
        let waiting = unnamed || self.dice.chance(450);
        let card = self.people.iter().find(|person| person.female);
        let card = card.and_then(|mother| mother.cards.last()).map(|card| card.nam.clone());
        if let Some(baby) = self.people.last_mut() {
            if waiting {
                baby.cards.clear();
                baby.parent_card = card;
            }
            if unnamed {
                baby.given =
                    vec![if baby.female { "Bébé fille" } else { "Bébé garçon" }.to_owned()];
            }
        }
    }

    /// A son of full age who bears his father's names.
    fn namesake(&mut self) {
        let (mother, father) = self.parents();
        let Some((given, family)) = father.clone() else { return };
        let youngest = self.parent_age_min();
        let age = self.dice.between(18, (youngest - 20).max(18));
        let birth = TODAY.plus(-(age * 1461 / 4) - self.dice.between(1, 300));
        let person = self.person(family, given, false, birth, mother, father);
        self.people.push(person);
    }

    fn person(
        &mut self,
        family: String,
        given: String,
        female: bool,
        birth: Date,
        mother: (String, String),
        father: Option<(String, String)>,
    ) -> Person {
        let usual = if female { "female" } else { "male" };
        let adult = TODAY.years_since(birth) >= 16;
        let mut names = vec![given];
        if self.dice.chance(350) {
            names.push(self.group.given(female, self.dice));
        }
        let followed = self.dice.chance(780);
        let doctor = 1 + self.dice.below(self.place.practitioners);
        let mut person = Person {
            id: format!("s{}-{}-{}", self.seed, self.index, self.people.len() + 1),
            urn: self.dice.urn(),
            place: self.place,
            establishment: self.establishment,
            practitioner: followed.then(|| self.place.practitioner(doctor)),
            address: self.address.clone(),
            telephone: (adult || self.dice.chance(300)).then(|| self.place.telephone(self.dice)),
            language: self.group.language(self.dice),
            family,
            given: names,
            former: None,
            female,
            gender: if adult && self.dice.chance(6) { "other" } else { usual },
            birth,
            death: None,
            mother,
            father,
            cards: Vec::new(),
            parent_card: None,
            multiple_birth: None,
            married: adult.then_some(false),
        };
        // Real cards mostly bear a 1; spread evenly, fewer cards repeat by chance.
        let number = self.dice.between(1, 9);
        if !self.dice.chance(12)
            && let Some(nam) = self.nam(&person.family, &person.given, &person, number)
        {
            person.cards.push(Card { nam, start: None, end: None });
        }
        person
    }
}
