// Makes searches from the values found, and says of each resource whether it must, may or
// must not be found (R4 §3.1.1.4).
import { all, any, dateVerdict, half, not, numberVerdict, quantityVerdict } from './ranges.mjs';

const SHOWN_CHARS_MAX = 60;

/** A value with what separates values escaped (R4 §3.1.1.4.15). */
export const escaped = (text) => text.replace(/[\\,$|]/g, (one) => `\\${one}`);
const query = (name, value) => `${name}=${encodeURIComponent(value)}`;

// --- token

function tokenVerdict(asked, atom) {
  const differs = asked.code !== undefined && asked.code !== atom.code;
  const folded = differs && asked.code.toLowerCase() === atom.code?.toLowerCase();
  if (differs && !folded) return 'no';
  // Types without a system of their own have an implied one that R4 does not let us name.
  if (asked.system !== undefined && atom.system === undefined) return 'may';
  if (asked.system !== undefined && asked.system !== atom.system) return 'no';
  return folded ? 'may' : 'yes';
}

function tokenCases(name, atom) {
  const code = escaped(atom.code);
  const made = [{ form: 'code', value: code, asked: { code: atom.code } }];
  if (atom.system) {
    made.push({ form: 'system|code', value: `${escaped(atom.system)}|${code}`, asked: { system: atom.system, code: atom.code } });
    made.push({ form: 'system|', value: `${escaped(atom.system)}|`, asked: { system: atom.system } });
    made.push({ form: 'other system', value: `urn:test:nothing|${code}`, asked: { system: 'urn:test:nothing', code: atom.code } });
  } else if (atom.system === '') {
    made.push({ form: '|code', value: `|${code}`, asked: { system: '', code: atom.code } });
  }
  const cases = made.map(({ form, value, asked }) => ({ form, query: query(name, value), verdict: (it) => tokenVerdict(asked, it) }));
  cases.push({ ...cases[0], form: ':not', query: query(`${name}:not`, code), negated: true });
  const kind = atom.kinds?.find((it) => it.system && it.code);
  if (kind) {
    const same = (it) => (it.kinds ?? []).some((one) => one.system === kind.system && one.code === kind.code) && it.code === atom.code;
    const near = (it) => it.code?.toLowerCase() === atom.code.toLowerCase();
    cases.push({ form: ':of-type', query: query(`${name}:of-type`, [kind.system, kind.code, atom.code].map(escaped).join('|')),
      verdict: (it) => (same(it) ? 'yes' : near(it) ? 'may' : 'no') });
  }
  const text = atom.texts?.find((it) => normal(it).length > 2 && it.length <= SHOWN_CHARS_MAX);
  if (text) {
    const verdicts = (it) => (it.texts ?? []).map((one) => stringVerdict(normal(text), one));
    cases.push({ form: ':text', query: query(`${name}:text`, escaped(text)), verdict: (it) => any(verdicts(it)), codeless: 'may' });
  }
  return cases;
}

// --- string

const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
const normal = (text) => plain(text).replace(/\s+/gu, ' ').trim();
const letters = (text) => plain(text).replace(/[^\p{L}\p{N}]/gu, '');

/** Begins with: yes. Holds it somewhere, or but for punctuation: R4 leaves that open. */
function stringVerdict(asked, text) {
  if (normal(text).startsWith(asked)) return 'yes';
  const bare = letters(asked);
  return bare === '' || letters(text).includes(bare) ? 'may' : 'no';
}

function containsVerdict(asked, text) {
  if (normal(text).includes(asked)) return 'yes';
  const bare = letters(asked);
  return bare === '' || letters(text).includes(bare) ? 'may' : 'no';
}

const exactVerdict = (asked, text) => (text === asked ? 'yes' : text.normalize('NFC').trim() === asked.normalize('NFC').trim() ? 'may' : 'no');

function stringCases(name, { text }, chance) {
  const shown = text.slice(0, SHOWN_CHARS_MAX).trim();
  const start = shown.slice(0, 3 + Math.floor(chance() * 4)).trim();
  const middle = shown.slice(1 + Math.floor(chance() * 3)).slice(0, 8).trim();
  const cases = [
    { form: 'string', value: shown, of: (it) => stringVerdict(normal(shown), it) },
    { form: 'prefix', value: start, of: (it) => stringVerdict(normal(start), it) },
    { form: 'prefix in capitals', value: start.toUpperCase(), of: (it) => stringVerdict(normal(start.toUpperCase()), it) },
    { form: ':contains', value: middle, of: (it) => containsVerdict(normal(middle), it) },
    { form: ':exact, another case', value: swapped(shown), of: (it) => exactVerdict(swapped(shown), it) },
  ];
  if (text.length <= SHOWN_CHARS_MAX) cases.push({ form: ':exact', value: text, of: (it) => exactVerdict(text, it) });
  return cases
    .filter(({ value }) => letters(value) !== '')
    .map(({ form, value, of }) => {
      const modifier = form.startsWith(':') ? form.split(',')[0] : '';
      return { form, query: query(name + modifier, escaped(value)), verdict: (it) => of(it.text) };
    });
}

const swapped = (text) => (text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase());

// --- date

function dateCases(name, atom) {
  const text = atom.from ?? atom.to;
  if (!text) return [];
  const zone = /(Z|[+-]\d\d:\d\d)$/.exec(text)?.[0] ?? '';
  const second = text.replace(/\.\d+/, '');
  const precisions = new Set([second, text.slice(0, 10), text.slice(0, 7), text.slice(0, 4)]);
  if (zone) precisions.add(text.slice(0, 16) + zone);
  const cases = [];
  for (const value of precisions) {
    cases.push({ form: 'date', query: query(name, value), verdict: (it) => dateVerdict('eq', value, it) });
  }
  for (const prefix of ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'sa', 'eb', 'ap']) {
    const value = prefix === 'ap' ? text.slice(0, 10) : second;
    cases.push({ form: prefix, query: query(name, prefix + value), verdict: (it) => dateVerdict(prefix, value, it), silent: prefix === 'ne' });
  }
  return cases;
}

// --- number and quantity

const PREFIXES = ['', 'eq', 'ne', 'gt', 'ge', 'lt', 'le', 'ap'];

function numberCases(name, atom) {
  const edge = atom.value ?? atom.low ?? atom.high;
  if (edge === undefined) return [];
  const text = String(edge);
  const fewer = Number(edge.toPrecision(2)).toString();
  const cases = PREFIXES.map((prefix) => ({ form: prefix || 'number', query: query(name, prefix + text), silent: prefix === 'ne',
    verdict: (it) => numberVerdict(prefix || 'eq', text, it) }));
  if (!fewer.includes('e') && half(fewer) !== half(text)) {
    cases.push({ form: 'less precise', query: query(name, fewer), verdict: (it) => numberVerdict('eq', fewer, it) });
  }
  return cases;
}

function quantityCases(name, atom) {
  const cases = numberCases(name, atom);
  const text = String(atom.value ?? atom.low ?? atom.high);
  const add = (form, prefix, system, code) => cases.push({ form, silent: prefix === 'ne',
    query: query(name, `${prefix}${text}|${escaped(system)}|${escaped(code)}`),
    verdict: (it) => quantityVerdict(prefix || 'eq', text, system, code, it) });
  if (atom.system && atom.code) {
    for (const prefix of ['', 'gt', 'le']) add('number|system|code', prefix, atom.system, atom.code);
    add('number of another system', '', 'urn:test:nothing', atom.code);
  }
  if (atom.code ?? atom.unit) add('number||code', '', '', atom.code ?? atom.unit);
  return cases;
}

// --- uri and reference

function uriCases(name, { uri }) {
  const cases = [
    { form: 'uri', query: query(name, escaped(uri)), verdict: (it) => (it.uri === uri ? 'yes' : 'no') },
    { form: 'another uri', query: query(name, `${escaped(uri)}x`), verdict: (it) => (it.uri === `${uri}x` ? 'yes' : 'no') },
  ];
  const parent = /^(https?:\/\/[^|]+[^/|])\/[^/|]+$/.exec(uri)?.[1];
  if (parent) {
    const under = (it) => (it.uri === parent || it.uri.startsWith(`${parent}/`) ? 'yes' : it.uri.startsWith(parent) ? 'may' : 'no');
    cases.push({ form: ':below', query: query(`${name}:below`, escaped(parent)), verdict: under });
    const child = `${uri}/child`;
    const over = (it) => (it.uri === child || child.startsWith(`${it.uri}/`) ? 'yes' : child.startsWith(it.uri) ? 'may' : 'no');
    cases.push({ form: ':above', query: query(`${name}:above`, escaped(child)), verdict: over });
  }
  return cases;
}

const bare = (canonical) => canonical.split('|')[0];

function referenceCases(name, atom) {
  if (atom.canonical) {
    const asked = bare(atom.canonical);
    const verdict = (it) => (it.canonical === asked ? 'yes' : it.canonical && bare(it.canonical) === asked ? 'may' : it.unclear ? 'may' : 'no');
    return [{ form: 'canonical', query: query(name, escaped(asked)), verdict }];
  }
  if (atom.identifier) {
    const { system, code } = atom.identifier;
    const same = (it) => it.identifier?.system === system && it.identifier?.code === code;
    return [{ form: ':identifier', query: query(`${name}:identifier`, `${escaped(system)}|${escaped(code)}`), verdict: (it) => (same(it) ? 'yes' : 'no'), codeless: 'no' }];
  }
  if (!atom.reference) return [];
  if (!atom.local) {
    const tail = (it) => it.type === atom.type && it.id === atom.id && atom.id;
    return [{ form: 'absolute', query: query(name, escaped(atom.reference)),
      verdict: (it) => (it.reference === atom.reference ? 'yes' : it.unclear || tail(it) ? 'may' : 'no') }];
  }
  const verdict = (typed) => (it) => {
    if (it.unclear) return 'may';
    if (it.id !== atom.id || (typed && it.type !== atom.type)) return 'no';
    return it.local && !it.versioned ? 'yes' : 'may';
  };
  return [
    { form: 'id', query: query(name, atom.id), verdict: verdict(false) },
    { form: 'Type/id', query: query(name, `${atom.type}/${atom.id}`), verdict: verdict(true) },
    { form: ':Type', query: query(`${name}:${atom.type}`, atom.id), verdict: verdict(true) },
    { form: 'nobody', query: query(name, `${atom.type}/nobody-has-this-id`), verdict: (it) => (it.unclear ? 'may' : 'no') },
  ];
}

const MAKERS = { token: tokenCases, string: stringCases, date: dateCases, number: numberCases, quantity: quantityCases, uri: uriCases, reference: referenceCases };

/** Searches for one value: `{form, query, verdict, negated, silent}`. */
export const casesOf = (kind, name, atom, chance) => MAKERS[kind](name, atom, chance);

/** What a case expects of a resource: of its atoms, and whether it has elements beside them. */
export function expected(one, { found, unclear }) {
  let verdict = any([...found.map(one.verdict), ...(unclear && one.codeless === 'may' ? ['may'] : [])]);
  if (one.silent && verdict === 'yes' && !found.every((it) => one.verdict(it) === 'yes')) verdict = 'may';
  // R4 does not say whether `ne` finds what has no value.
  if (one.silent && found.length === 0) verdict = 'may';
  if (unclear && verdict === 'no' && one.open) verdict = 'may';
  return one.negated ? not(verdict) : verdict;
}

export { all, any };
