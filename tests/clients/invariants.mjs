// The truth of FHIRPath conditions by the npm package `fhirpath`, line by line:
// {"expressions": [...], "resource": {...}} is answered with [true, false, null, "error", ...].
import { createInterface } from "node:readline";
import fhirpath from "fhirpath";
import model from "fhirpath/fhir-context/r4/index.js";

const compiled = new Map();
console.log = () => {};
console.warn = () => {};

function truth(expression, resource) {
  try {
    if (!compiled.has(expression)) {
      compiled.set(expression, fhirpath.compile(expression, model, { traceFn: () => {} }));
    }
    const found = compiled.get(expression)(resource, { resource, rootResource: resource });
    return found.length === 0 ? null : found.length === 1 ? Boolean(found[0]) : "error";
  } catch (error) {
    return process.env.WHY ? `error: ${error.message}` : "error";
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { expressions, resource } = JSON.parse(line);
  const found = expressions.map((expression) => truth(expression, resource));
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
