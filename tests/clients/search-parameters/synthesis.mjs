// Resources with a value for a parameter that no example has one of: the path of its
// expression is laid out by the standard's structure definitions.
import fs from 'node:fs';
import path from 'node:path';
import { partsFor } from './definitions.mjs';

/** Two values of each type that a parameter can be over. */
const VALUES = {
  code: ['alpha', 'beta'], string: ['Alphabet street', 'Beta avenue'], markdown: ['Alphabet street', 'Beta avenue'], id: ['alpha', 'beta'],
  uri: ['http://example.org/a/one', 'http://example.org/a/two'], url: ['http://example.org/a/one', 'http://example.org/a/two'],
  canonical: ['http://example.org/a/one', 'http://example.org/b/two'], oid: ['urn:oid:1.2.3', 'urn:oid:1.2.4'], boolean: [true, false],
  date: ['2013-05-06', '2014-07'], dateTime: ['2013-05-06T10:00:00Z', '2014-07-08'], instant: ['2013-05-06T10:00:00Z', '2014-07-08T11:12:13Z'],
  integer: [3, 44], positiveInt: [3, 44], unsignedInt: [3, 44], decimal: [0.25, 12.5],
  Coding: [{ system: 'http://example.org/codes', code: 'one', display: 'First kind' }, { system: 'http://example.org/codes', code: 'two' }],
  CodeableConcept: [{ coding: [{ system: 'http://example.org/codes', code: 'one' }], text: 'First kind' }, { coding: [{ system: 'http://example.org/other', code: 'one' }] }],
  Identifier: [{ system: 'http://example.org/ids', value: '12' }, { system: 'http://example.org/ids', value: '123' }],
  ContactPoint: [{ system: 'phone', value: '5551234' }, { system: 'email', value: 'a@example.org' }],
  Period: [{ start: '2013-05-06', end: '2013-06-07' }, { start: '2014-01-01' }], Timing: [{ event: ['2013-05-06'] }, { event: ['2014-05-06', '2014-06-07'] }],
  Quantity: [{ value: 5.4, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' }, { value: 90, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' }],
  Range: [{ low: { value: 2 }, high: { value: 4 } }, { low: { value: 10 } }], Money: [{ value: 40, currency: 'CAD' }, { value: 12.5, currency: 'EUR' }],
  HumanName: [{ family: 'Tremblay', given: ['Aurélie'] }, { family: 'Awashish', given: ['Marc-André'] }],
  Address: [{ line: ['12 rue Côté'], city: 'Montréal', postalCode: 'H2X 1Y4', country: 'CA', state: 'QC' }, { city: 'Trois-Rivières' }],
};
VALUES.SimpleQuantity = VALUES.Quantity;
VALUES.Duration = VALUES.Quantity;
VALUES.Age = VALUES.Quantity;

export class Synthesis {
  #types = new Map();
  #arrays = new Set();
  #content = new Map();
  #count = 0;

  constructor(folder) {
    for (const name of ['profiles-types.json', 'profiles-resources.json']) {
      for (const { resource } of JSON.parse(fs.readFileSync(path.join(folder, name))).entry) {
        if (resource.resourceType !== 'StructureDefinition' || resource.derivation === 'constraint') continue;
        resource.snapshot.element.forEach((element) => this.#add(element));
      }
    }
  }

  #add(element) {
    const codes = (element.type ?? []).map((one) => ({ code: one.code.split(/[./]/).at(-1), targets: (one.targetProfile ?? []).map((it) => it.split('/').at(-1)) }));
    this.#types.set(element.path, codes);
    if (element.max === '*') this.#arrays.add(element.path);
    if (element.contentReference) this.#content.set(element.path, element.contentReference.slice(1));
  }

  /** Resources whose expression has a value, for each plain path and type of it. */
  resources(type, parameter) {
    if (parameter.code === '_id') return [this.#bare(type)];
    const found = [];
    for (const { expression, target } of partsFor(parameter.expression, type)) {
      const base = steps(expression, type);
      // Of a composite, each component under the one element; otherwise the element itself.
      const paths = parameter.component?.map((it) => [...base, ...steps(it.expression.split(' | ')[0], type)]) ?? [base];
      for (const which of [0, 1]) {
        const resource = this.#bare(type);
        if (paths.every((one) => this.#lay(resource, type, one, target, which))) found.push(resource);
      }
    }
    return found;
  }

  #bare(type) {
    return { resourceType: type, id: `made-${(this.#count += 1)}` };
  }

  /** Lays the value under `owner`, whose structure is that of `at`; false where the path is not plain. */
  #lay(owner, at, [step, ...rest], target, which) {
    if (!step) return false;
    if (step.where) owner = Object.assign(owner, step.where);
    if (!step.name) return this.#lay(owner, at, rest, target, which);
    const plain = this.#content.get(`${at}.${step.name}`) ?? `${at}.${step.name}`;
    const choice = `${plain}[x]`;
    const path_ = this.#types.has(plain) ? plain : choice;
    const kinds = this.#types.get(path_);
    if (!kinds) return false;
    const kind = kinds.find(({ code }) => code === step.of) ?? kinds[which % kinds.length];
    const member = path_ === choice ? step.name + kind.code[0].toUpperCase() + kind.code.slice(1) : step.name;
    const many = this.#arrays.has(`${at}.${step.name}`);
    const there = many ? owner[member]?.[0] : owner[member];
    const value = there ?? (rest.length ? {} : this.#value(kind, target, which));
    if (value === undefined) return false;
    owner[member] = many ? [value] : value;
    const inside = ['BackboneElement', 'Element'].includes(kind.code) || this.#content.has(`${at}.${step.name}`) ? plain : kind.code;
    return rest.length ? this.#lay(value, inside, rest, target, which) : true;
  }

  #value({ code, targets }, target, which) {
    if (code !== 'Reference') return structuredClone(VALUES[code]?.[which]);
    const known = targets.filter((it) => it !== 'Resource');
    return { reference: `${target ?? known[which % known.length] ?? 'Patient'}/made-${which}` };
  }
}

/** `A.b.where(c='d').as(E)` as steps, or none where it is more than that. */
function steps(expression, type) {
  const text = expression.replace(/^\((.*)\)(.*)$/, '$1$2').trim();
  const cast = /^(.*) as (\w+)$/.exec(text);
  const found = [];
  for (const part of (cast ? cast[1] : text).split(/\.(?![^(]*\))/)) {
    const of = /^(?:as|ofType)\((\w+)\)$/.exec(part);
    const where = /^where\((\w+)='([^']+)'\)$/.exec(part);
    if (of && found.length) found.at(-1).of = of[1];
    else if (where) found.push({ where: { [where[1]]: where[2] } });
    else if (/^[a-z]\w*$/.test(part)) found.push({ name: part });
    else if (![type, 'Resource', 'DomainResource'].includes(part)) return [];
  }
  if (cast && found.length) found.at(-1).of = cast[2];
  return found;
}
