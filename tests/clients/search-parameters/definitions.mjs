// The standard's search parameters by type, and the examples they are tried on.
import fs from 'node:fs';
import path from 'node:path';

const ABSTRACT = new Set(['Resource', 'DomainResource']);
// Resource types that are not DomainResources (R4 §2.1).
const PLAIN = new Set(['Bundle', 'Binary', 'Parameters']);
// In the package, but of a later FHIR than R4.
const LATER = new Set(['SubscriptionStatus']);
const EXAMPLE_BYTES_MAX = 400_000;

/** Every resource type of the definitions, by name. */
export function resourceTypes(folder) {
  const bundle = JSON.parse(fs.readFileSync(path.join(folder, 'profiles-resources.json')));
  return bundle.entry
    .map((entry) => entry.resource)
    .filter((it) => it.resourceType === 'StructureDefinition' && it.kind === 'resource' && !it.abstract && !LATER.has(it.name) && it.derivation !== 'constraint')
    .map((it) => it.name)
    .sort();
}

/** `[{type, parameter}]`: each parameter once for every concrete type that has it. */
export function parametersByType(folder) {
  const types = resourceTypes(folder);
  const bundle = JSON.parse(fs.readFileSync(path.join(folder, 'search-parameters.json')));
  const found = [];
  for (const { resource: parameter } of bundle.entry) {
    for (const base of parameter.base) {
      const over = ABSTRACT.has(base) ? types.filter((type) => base === 'Resource' || !PLAIN.has(type)) : [base];
      for (const type of over) found.push({ type, parameter });
    }
  }
  return found.sort((a, b) => `${a.type} ${a.parameter.code}`.localeCompare(`${b.type} ${b.parameter.code}`));
}

/** Parameters by their canonical url: what components of composites refer to. */
export function parametersByUrl(folder) {
  const bundle = JSON.parse(fs.readFileSync(path.join(folder, 'search-parameters.json')));
  return new Map(bundle.entry.map(({ resource }) => [resource.url, resource]));
}

/** Examples by type; `only` names files, all of a bearable size otherwise. */
export function examplesByType(folder, only) {
  const files = only ?? fs.readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'package.json');
  const found = new Map();
  const seen = new Set();
  for (const name of [...files].sort()) {
    const text = fs.readFileSync(path.join(folder, name), 'utf8').replace(/^\uFEFF/, '');
    if (!only && text.length > EXAMPLE_BYTES_MAX) continue;
    const resource = JSON.parse(text);
    const key = `${resource.resourceType}/${resource.id}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (!found.has(resource.resourceType)) found.set(resource.resourceType, []);
    found.get(resource.resourceType).push({ resource, text });
  }
  return found;
}

/** The parts of a union that begin at `type`, with what `resolve() is` asks taken out. */
export function partsFor(expression, type) {
  return splitUnion(expression)
    .map((part) => part.trim())
    .filter((part) => {
      const root = /^\(*\s*([A-Z]\w*)/.exec(part)?.[1];
      return !root || root === type || ABSTRACT.has(root);
    })
    .map((part) => {
      const target = /\.where\(resolve\(\) is (\w+)\)/.exec(part)?.[1] ?? null;
      return { expression: part.replace(/\.where\(resolve\(\) is \w+\)/, ''), target };
    });
}

function splitUnion(expression) {
  const parts = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < expression.length; at += 1) {
    if ('(['.includes(expression[at])) depth += 1;
    if (')]'.includes(expression[at])) depth -= 1;
    if (expression[at] === '|' && depth === 0) {
      parts.push(expression.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, expression.slice(start)];
}
