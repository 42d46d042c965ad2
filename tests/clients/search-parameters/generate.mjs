// Writes searches with what each must, may and must not find.
// usage: node generate.mjs EXAMPLES DEFINITIONS OUT SEED PER_PARAMETER [NAMES [stored]]
// NAMES is a file with the names of the examples to use; `stored` says that they are in a
// server, so that nothing may be made beside them.
import fs from 'node:fs';
import path from 'node:path';
import { all, casesOf, expected } from './cases.mjs';
import { examplesByType, parametersByType, parametersByUrl } from './definitions.mjs';
import { Synthesis } from './synthesis.mjs';
import { atoms, below, elements } from './values.mjs';

const [examplesFolder, definitions, out, seed, perParameter, names, stored] = process.argv.slice(2);
const only = names ? JSON.parse(fs.readFileSync(names)) : undefined;
const examples = examplesByType(examplesFolder, only);
const synthesis = stored ? null : new Synthesis(definitions);
const byUrl = parametersByUrl(definitions);
const synthetic = new Set();
const exceptions = new Map();
const cases = [];
const counts = { parameters: 0, tried: 0, synthetic: 0, without: 0, excepted: 0 };

/** Numbers from 0 to 1 that the seed decides (mulberry32). */
function chances(from) {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const usable = (atom) => !atom.unknown && !atom.unclear;

function except(type, parameter, reason) {
  const key = `${parameter.code} (${parameter.type}): ${reason}`;
  exceptions.set(key, [...(exceptions.get(key) ?? []), type]);
}

/** A resource's atoms of a parameter; `unclear` when it has elements that give none. */
function held(resource, kind, found) {
  const lists = found.map((element) => atoms(kind, element, resource));
  return { found: lists.filter(Boolean).flat(), present: found.length > 0,
    unclear: lists.some((list) => !list || list.length === 0), ruleless: lists.some((list) => !list) };
}

/** A composite's rows: for each element that it is about, the atoms of each component. */
function rows(resource, parameter) {
  return elements(resource, parameter.expression).map((element) => parameter.component.map((component) => {
    const { type: kind } = byUrl.get(component.definition);
    return { kind, found: below(element, component.expression, resource).flatMap((it) => atoms(kind, it, resource) ?? []) };
  }));
}

function push(type, parameter, form, query, verdicts) {
  const pick = (wanted) => verdicts.filter(([, verdict]) => verdict === wanted).map(([id]) => id);
  cases.push({ type, parameter: parameter.code, kind: parameter.type, form, query, must: pick('yes'), may: pick('may') });
}

/** Some of a list, by the seed, no two that `key` says are one. */
function some(list, key, count, chance) {
  const distinct = [...new Map(list.map((one) => [key(one), one])).values()];
  return distinct.map((one) => [chance(), one]).sort((a, b) => a[0] - b[0]).slice(0, count).map(([, one]) => one);
}

function missing(type, parameter, all_) {
  for (const asked of ['true', 'false']) {
    push(type, parameter, ':missing', `${parameter.code}:missing=${asked}`, all_.map(({ id, data }) => {
      const lacks = !data.present ? 'true' : data.found.some(usable) ? 'false' : 'either';
      return [id, lacks === 'either' ? 'may' : lacks === asked ? 'yes' : 'no'];
    }));
  }
}

/** A bare id of a `subject` that may be a Patient, and here is something else. */
const guessed = (parameter, atom, form) => form === 'id' && parameter.code === 'subject'
  && (parameter.target ?? []).includes('Patient') && atom.type !== 'Patient';

function simple(type, parameter, resources, chance) {
  const kind = parameter.type;
  const all_ = resources.map(({ resource }) => ({ id: resource.id, data: held(resource, kind, elements(resource, parameter.expression)) }));
  const ruleless = all_.filter(({ data }) => data.ruleless).length;
  if (ruleless) except(type, parameter, 'R4 has no rule for the type of some of its elements; those may be found or not');
  if (parameter.code === 'phonetic') except(type, parameter, 'the algorithm is left to the server: only whole values and :missing are tried');
  const computed = /exists\(\)/.test(parameter.expression);
  if (computed) except(type, parameter, ':missing is not tried: the expression always has a value');
  else if (parameter.code === '_id') except(type, parameter, 'every resource has it: :missing and :not are refused on purpose');
  else missing(type, parameter, all_);
  const values = all_.flatMap(({ data }) => data.found).filter(usable);
  if (values.length === 0) return false;
  for (const atom of some(values, JSON.stringify, Number(perParameter), chance)) {
    for (const one of casesOf(kind, parameter.code, atom, chance)) {
      if (parameter.code === 'phonetic' && one.form !== 'string') continue;
      if (parameter.code === '_id' && one.form === ':not') continue;
      if (guessed(parameter, atom, one.form)) {
        except(type, parameter, 'an id alone is taken for a Patient, so that it opens a chart; elsewhere the type is to be given');
        continue;
      }
      const open = ruleless > 0;
      push(type, parameter, one.form, one.query, all_.map(({ id, data }) => [id, expected({ ...one, open }, data)]));
    }
  }
  return true;
}

function composite(type, parameter, resources, chance) {
  const all_ = resources.map(({ resource }) => ({ id: resource.id, rows: rows(resource, parameter) }));
  const full = all_.flatMap((one) => one.rows).filter((row) => row.every(({ found }) => found.some(usable)));
  if (full.length === 0) return false;
  for (const row of some(full, JSON.stringify, Number(perParameter) * 2, chance)) {
    const parts = row.map(({ kind, found }) => {
      const known = found.filter(usable);
      const made = casesOf(kind, 'x', known[Math.floor(chance() * known.length)], chance)
        .filter((one) => one.query.startsWith('x=') && !one.silent && !one.negated);
      return made[Math.floor(chance() * made.length)];
    });
    if (parts.some((part) => !part)) continue;
    const value = parts.map((part) => part.query.slice(2)).join('%24');
    push(type, parameter, parts.map((part) => part.form).join(' $ '), `${parameter.code}=${value}`, all_.map(({ id, rows: its }) => {
      const verdicts = its.map((row) => all(row.map(({ found }, at) => expected(parts[at], { found }))));
      return [id, verdicts.includes('yes') ? 'yes' : verdicts.includes('may') ? 'may' : 'no'];
    }));
  }
  return true;
}

/** Adds resources made for a parameter that no example has a value of. */
function make({ type, parameter }) {
  const valued = (resource) => (parameter.type === 'composite'
    ? rows(resource, parameter).some((row) => row.every(({ found }) => found.some(usable)))
    : held(resource, parameter.type, elements(resource, parameter.expression)).found.some(usable));
  if (!parameter.expression || (examples.get(type) ?? []).some(({ resource }) => valued(resource))) return;
  const added = synthesis.resources(type, parameter).filter(valued);
  if (!added.length) return;
  examples.set(type, [...(examples.get(type) ?? []), ...added.map((resource) => ({ resource }))]);
  synthetic.add(`${type} ${parameter.code}`);
}

function tryOne({ type, parameter }, at) {
  counts.parameters += 1;
  const chance = chances(Number(seed) + at * 7919);
  if (!parameter.expression) { counts.excepted += 1; return except(type, parameter, 'the standard gives no expression'); }
  if (parameter.code === '_lastUpdated') { counts.excepted += 1; return except(type, parameter, 'the server sets it: see test_search.py'); }
  if (parameter.type === 'special') { counts.excepted += 1; return except(type, parameter, 'matching is by distance, which R4 leaves to the server'); }
  const way = parameter.type === 'composite' ? composite : simple;
  try {
    if (way(type, parameter, examples.get(type) ?? [], chance)) counts[synthetic.has(`${type} ${parameter.code}`) ? 'synthetic' : 'tried'] += 1;
    else { counts.without += 1; if (!stored) except(type, parameter, 'no example has a value and none could be made'); }
  } catch (error) {
    counts.excepted += 1;
    except(type, parameter, `the FHIRPath engine says: ${String(error.message ?? error).slice(0, 160)}`);
  }
  return undefined;
}

const parameters = parametersByType(definitions);
if (synthesis) parameters.forEach(make);
parameters.forEach(tryOne);
fs.mkdirSync(out, { recursive: true });
const lines = [...examples.values()].flat().map(({ resource }) => JSON.stringify(resource));
if (!stored) fs.writeFileSync(path.join(out, 'resources.ndjson'), `${lines.join('\n')}\n`);
fs.writeFileSync(path.join(out, 'cases.ndjson'), cases.map((one) => `${JSON.stringify(one)}\n`).join(''));
const reasons = [...exceptions].map(([reason, types]) => ({ reason, types: types.length, first: types[0] }));
fs.writeFileSync(path.join(out, 'summary.json'), JSON.stringify({ ...counts, cases: cases.length, resources: lines.length, exceptions: reasons }, null, 1));
