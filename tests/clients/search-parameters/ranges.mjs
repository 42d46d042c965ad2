// Dates and numbers as ranges (R4 §3.1.1.4.5, .6, .11). A verdict is 'yes', 'no', or
// 'may' where the standard leaves the answer to the server.
const MINUTE = 60_000;
// Offsets that a server may read a date without a zone in.
const OFFSETS = [-720, -300, -240, 0, 840];
const UCUM = 'http://unitsofmeasure.org';

export const not = (verdict) => ({ yes: 'no', no: 'yes', may: 'may' })[verdict];
export const any = (verdicts) => (verdicts.includes('yes') ? 'yes' : verdicts.includes('may') ? 'may' : 'no');
export const all = (verdicts) => (verdicts.includes('no') ? 'no' : verdicts.includes('may') ? 'may' : 'yes');
const is = (truth) => (truth ? 'yes' : 'no');

/** `[from, to)` in milliseconds; a text without a zone is read at `offset` minutes. */
export function span(text, offset) {
  const found = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/.exec(text);
  if (!found) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = found;
  const shift = zone === undefined ? offset : zone === 'Z' ? 0 : Number(`${zone[0]}1`) * (60 * Number(zone.slice(1, 3)) + Number(zone.slice(4)));
  const at = (y, mo, d, h = 0, mi = 0, s = 0) => {
    const date = new Date(0);
    date.setUTCFullYear(y, mo, d);
    date.setUTCHours(h, mi, s);
    return date.getTime() - shift * MINUTE;
  };
  const n = Number;
  if (month === undefined) return [at(n(year), 0, 1), at(n(year) + 1, 0, 1)];
  if (day === undefined) return [at(n(year), n(month) - 1, 1), at(n(year), n(month), 1)];
  if (hour === undefined) return [at(n(year), n(month) - 1, n(day)), at(n(year), n(month) - 1, n(day) + 1)];
  const from = at(n(year), n(month) - 1, n(day), n(hour), n(minute), n(second ?? 0));
  if (second === undefined) return [from, from + MINUTE];
  if (fraction === undefined) return [from, from + 1000];
  const milliseconds = Math.floor(n(`0.${fraction}`) * 1000);
  return [from + milliseconds, from + milliseconds + 1];
}

/** The outer bounds of a date value at an offset, or null where the standard gives none. */
function bounds(atom, offset) {
  const from = atom.from === undefined ? [-Infinity] : span(atom.from, offset);
  const to = atom.to === undefined ? [0, Infinity] : span(atom.to, offset);
  return from && to ? [from[0], to[1]] : null;
}

function dateAt(prefix, asked, atom, offset) {
  const q = span(asked, offset);
  const t = bounds(atom, offset);
  if (!t) return 'may';
  const within = q[0] <= t[0] && t[1] <= q[1];
  switch (prefix) {
    case 'eq': return is(within);
    case 'ne': return is(!within);
    case 'gt': return is(t[1] > q[1]);
    case 'ge': return is(t[1] > q[1] || within);
    case 'lt': return is(t[0] < q[0]);
    case 'le': return is(t[0] < q[0] || within);
    case 'sa': return is(t[0] >= q[1]);
    case 'eb': return is(t[1] <= q[0]);
    default: return t[0] < q[1] && q[0] < t[1] ? 'yes' : 'may';
  }
}

/** Whether a date value matches; where the zone decides, 'may'. */
export function dateVerdict(prefix, asked, atom) {
  if (atom.unknown) return 'may';
  const verdicts = OFFSETS.map((offset) => dateAt(prefix, asked, atom, offset));
  return verdicts.every((verdict) => verdict === verdicts[0]) ? verdicts[0] : 'may';
}

/** Half of the last digit of a number as written: `5.4` stands for 5.35 to 5.45. */
export function half(text) {
  const [, , fraction = '', exponent = '0'] = /^[-+]?(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/.exec(text);
  return 0.5 * 10 ** (Number(exponent) - fraction.length);
}

function pointVerdict(prefix, text, t) {
  const v = Number(text);
  const h = half(text);
  const apart = Math.abs(t - v);
  const inside = apart < h * 0.999 ? 'yes' : apart <= h * 1.001 ? 'may' : 'no';
  const beyond = (truth) => (apart === 0 ? 'no' : inside !== 'no' ? 'may' : is(truth));
  switch (prefix) {
    case 'eq': return inside;
    case 'ne': return not(inside);
    case 'gt': return beyond(t > v);
    case 'lt': return beyond(t < v);
    case 'ge': return apart === 0 ? 'yes' : beyond(t > v);
    case 'le': return apart === 0 ? 'yes' : beyond(t < v);
    default: return apart === 0 ? 'yes' : apart <= 0.5 * Math.abs(v) + h ? 'may' : 'no';
  }
}

function rangeVerdict(prefix, text, { low = -Infinity, high = Infinity }) {
  const v = Number(text);
  const h = half(text);
  const apart = low > v + h || high < v - h;
  switch (prefix) {
    case 'eq': return low >= v - h * 0.999 && high <= v + h * 0.999 ? 'yes' : apart ? 'no' : 'may';
    case 'ne': return apart ? 'yes' : 'may';
    case 'gt': case 'ge': return low > v + h ? 'yes' : high >= v - h ? 'may' : 'no';
    case 'lt': case 'le': return high < v - h ? 'yes' : low <= v + h ? 'may' : 'no';
    default: return 'may';
  }
}

/** Whether a number, quantity or range matches `[prefix]number`. */
export function numberVerdict(prefix, text, atom) {
  if (atom.unknown || atom.comparator) return 'may';
  return atom.value !== undefined ? pointVerdict(prefix, text, atom.value) : rangeVerdict(prefix, text, atom);
}

/** Whether a quantity matches `number|system|code`; other units may be converted. */
export function quantityVerdict(prefix, text, system, code, atom) {
  if (code === undefined) return numberVerdict(prefix, text, atom);
  if (atom.unknown) return 'may';
  const same = system === '' ? atom.code === code || atom.unit === code : atom.system === system && atom.code === code;
  if (same) return numberVerdict(prefix, text, atom);
  const convertible = atom.system === UCUM && (system === UCUM || system === '');
  return convertible ? 'may' : 'no';
}
