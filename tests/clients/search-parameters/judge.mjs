// Compares what the product finds with what the standard's expressions say.
// usage: node judge.mjs JUDGE OUT    (OUT as generate.mjs made it)
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const [judge, out] = process.argv.slice(2);
const SHOWN_MAX = 200;
const cases = fs.readFileSync(path.join(out, 'cases.ndjson'), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
fs.writeFileSync(path.join(out, 'queries.txt'), cases.map((one) => `${one.type}?${one.query}\n`).join(''));
const ran = spawnSync(judge, [path.join(out, 'resources.ndjson'), path.join(out, 'queries.txt')], { maxBuffer: 1 << 30, encoding: 'utf8' });
if (ran.status !== 0) {
  console.error(ran.stderr);
  process.exit(2);
}
const answers = ran.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));

/** What is wrong with an answer, or null. */
function fault(one, answer) {
  if (answer.refused) return `refused: ${answer.refused}`;
  if (answer.cell) return `the cell contradicts the body: ${answer.cell.slice(0, 3)}`;
  const found = new Set(answer.matches.map((match) => match.split('/')[1]));
  const allowed = new Set([...one.must, ...one.may]);
  const missed = one.must.filter((id) => !found.has(id));
  const extra = [...found].filter((id) => !allowed.has(id));
  if (!missed.length && !extra.length) return null;
  return `missed ${missed.length} ${missed.slice(0, 3)}, found ${extra.length} too many ${extra.slice(0, 3)}`;
}

const faults = [];
cases.forEach((one, at) => {
  const what = fault(one, answers[at]);
  if (what) faults.push({ ...one, what });
});
const summary = JSON.parse(fs.readFileSync(path.join(out, 'summary.json')));
console.log(`${summary.parameters} parameters of types: ${summary.tried} tried with values of the examples, ${summary.synthetic} with values made for them, ${summary.without} without any, ${summary.excepted} excepted`);
console.log(`${cases.length} searches over ${summary.resources} resources, ${cases.filter((one) => one.must.length).length} of which must find something, ${faults.length} faults`);
for (const { reason, types, first } of summary.exceptions) console.log(`exception: ${first}${types > 1 ? ` and ${types - 1} types` : ''}: ${reason}`);
for (const { type, query, form, what } of faults.slice(0, SHOWN_MAX)) console.log(`FAULT ${type}?${decodeURIComponent(query)} [${form}]: ${what}`);
fs.writeFileSync(path.join(out, 'faults.json'), JSON.stringify(faults, null, 1));
process.exit(faults.length ? 1 : 0);
