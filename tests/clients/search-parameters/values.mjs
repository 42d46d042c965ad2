// What a parameter finds in a resource: the FHIRPath engine gives the elements, and this
// file says what of them a search can match (R4 §3.1.1.4.8 to .12).
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import { partsFor } from './definitions.mjs';

const REFERENCE = /^(?:(.*)\/)?([A-Z]\w+)\/([A-Za-z0-9.-]{1,64})(\/_history\/[^/]+)?$/;
const DATES = new Set(['date', 'dateTime', 'instant']);
const CURRENCIES = 'urn:iso:std:iso:4217';
const compiled = new Map();

const unwrapped = (data) => (typeof data?.asStr === 'string' && typeof data.value === 'number' ? data.value : data);

function evaluate(resource, expression, base, whole) {
  const key = `${base ?? ''} ${expression}`;
  if (!compiled.has(key)) {
    const path = base ? { base, expression } : expression;
    compiled.set(key, fhirpath.compile(path, r4, { resolveInternalTypes: false }));
  }
  const found = compiled.get(key)(resource, { resource: whole ?? resource });
  const types = fhirpath.types(found);
  // Elements come wrapped with their types; what is computed does not.
  return found.map((node, at) => ({ value: unwrapped(node?.data ?? node), type: types[at].replace(/^\w+\./, '') }));
}

/** Elements of `resource` that `expression` selects: `[{value, type, target, base}]`. */
export function elements(resource, expression) {
  return partsFor(expression, resource.resourceType).flatMap(({ expression: part, target }) =>
    evaluate(resource, part).map((element) => ({ ...element, target, base: part })).filter((element) => pointsAt(element, resource)));
}

/** The type that a Reference points at, as far as it says. */
function typeOf(value, resource) {
  const contained = value.reference?.startsWith('#') && (resource.contained ?? []).find((it) => `#${it.id}` === value.reference);
  return contained?.resourceType ?? REFERENCE.exec(value.reference ?? '')?.[2] ?? value.type;
}

/** `resolve() is Type`, of what is known without following the reference. */
function pointsAt({ value, target }, resource) {
  const type = target && typeOf(value, resource);
  return !type || type === target;
}

/** Elements below an element of a composite. */
export function below(element, expression, resource) {
  const base = element.base.replace(/\.where\([^)]*\)/g, '').replace(/[()]/g, '');
  // Of a resource itself the expression stands alone; of an element it has a base path.
  return evaluate(element.value, expression, base.includes('.') ? base : null, resource).map((inner) => ({ ...inner, target: null }));
}

const STRINGS = {
  HumanName: (it) => [it.family, ...(it.given ?? []), ...(it.prefix ?? []), ...(it.suffix ?? []), it.text],
  Address: (it) => [...(it.line ?? []), it.city, it.district, it.state, it.country, it.postalCode, it.text],
};

const QUANTITIES = new Set(['Quantity', 'SimpleQuantity', 'Age', 'Duration', 'Count', 'Distance', 'MoneyQuantity']);
const quantity = (it) => (typeof it.value === 'number'
  ? [{ value: it.value, comparator: it.comparator, system: it.system, code: it.code, unit: it.unit }] : []);

function range(it) {
  const edge = it.low ?? it.high;
  return edge ? [{ low: it.low?.value, high: it.high?.value, system: edge.system, code: edge.code, unit: edge.unit }] : [];
}

function timing(it) {
  const events = (it.event ?? []).filter((one) => typeof one === 'string').sort();
  const period = it.repeat?.boundsPeriod;
  if (events.length && !period && events.every((one) => one.length === events[0].length)) return [{ from: events[0], to: events.at(-1) }];
  return [{ unknown: true }];
}

function token({ value, type }) {
  const coding = (it, text) => ({ system: it.system ?? '', code: it.code, texts: [it.display, text].filter(Boolean) });
  switch (type) {
    case 'Coding': return value.code ? [coding(value)] : [];
    case 'CodeableConcept': return (value.coding ?? []).filter((it) => it.code).map((it) => coding(it, value.text));
    case 'Identifier': return value.value ? [{ system: value.system ?? '', code: value.value, kinds: value.type?.coding ?? [], texts: [value.type?.text].filter(Boolean) }] : [];
    case 'ContactPoint': return value.value ? [{ code: value.value }] : [];
    case 'boolean': case 'Boolean': return [{ code: String(value) }];
    case 'code': case 'string': case 'String': case 'id': case 'uri': case 'url': case 'canonical': case 'markdown': case 'oid': case 'uuid':
      return typeof value === 'string' ? [{ code: value }] : [];
    default: return null;
  }
}

function reference({ value, type, target }, resource) {
  // A relative or contained canonical is nothing that a search can name.
  if (typeof value === 'string') return [/^[a-z][\w+.-]*:/i.test(value) ? { canonical: value } : { unclear: true }];
  if (type !== 'Reference') return null;
  // What it points at is not known: `resolve() is Type` may hold or not.
  if (target && !typeOf(value, resource)) return [{ unclear: true }];
  const found = [];
  if (value.identifier?.value) found.push({ identifier: { system: value.identifier.system ?? '', code: value.identifier.value } });
  if (typeof value.reference !== 'string') return found;
  const parts = REFERENCE.exec(value.reference);
  if (value.reference.startsWith('#')) return [...found, { unclear: true }];
  return [...found, { reference: value.reference, local: parts && parts[1] === undefined, type: parts?.[2], id: parts?.[3], versioned: Boolean(parts?.[4]) }];
}

/**
 * What a search of `kind` can match in an element, or null where R4 has no rule for the
 * element's type. A kind's atoms have the members that its verdict reads.
 */
export function atoms(kind, element, resource) {
  const { value, type } = element;
  switch (kind) {
    case 'token': return token(element);
    case 'string':
      if (typeof value === 'string') return [{ text: value }];
      return STRINGS[type] ? STRINGS[type](value).filter((it) => typeof it === 'string').map((text) => ({ text })) : null;
    case 'uri': return typeof value === 'string' ? [{ uri: value }] : null;
    case 'reference': return reference(element, resource);
    case 'date':
      if (DATES.has(type)) return [{ from: value, to: value }];
      if (type === 'Period') return value.start || value.end ? [{ from: value.start, to: value.end }] : [];
      return type === 'Timing' ? timing(value) : null;
    case 'number': case 'quantity':
      if (typeof value === 'number') return [{ value }];
      if (type === 'Range') return range(value);
      if (type === 'Money') return typeof value.value === 'number' ? [{ value: value.value, system: CURRENCIES, code: value.currency }] : [];
      if (type === 'SampledData') return [{ unknown: true }];
      return QUANTITIES.has(type) ? quantity(value) : null;
    default: return null;
  }
}
