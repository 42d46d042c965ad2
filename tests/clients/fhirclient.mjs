// SMART's fhirclient, unmodified, against a region: prints what it did.
// usage: node fhirclient.mjs BASE TOKEN
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import smart from 'fhirclient';

const [serverUrl, access_token] = process.argv.slice(2);
// In Node the library keeps its state in a session of the application's server.
const kept = {};
const storage = { get: async (key) => kept[key], set: async (key, value) => { kept[key] = value; return value; }, unset: async (key) => delete kept[key] };
const client = smart({ headers: {}, url: '/' }, {}, storage).client({ serverUrl, tokenResponse: { access_token } });
const done = [];

const made = await client.create({ resourceType: 'Patient', identifier: [{ system: 'urn:test:fhirclient', value: randomUUID() }], name: [{ family: 'Bellefleur' }] });
assert.ok(made.id);
done.push('create');
assert.deepEqual(await client.request(`Patient/${made.id}`), made);
done.push('read');
const changed = await client.update({ ...made, birthDate: '1990-01-31' });
assert.equal(changed.meta.versionId, '2');
done.push('update');
for (let at = 1; at <= 5; at += 1) {
  await client.create({ resourceType: 'Observation', status: 'final', code: { text: `mesure ${at}` }, subject: { reference: `Patient/${made.id}` } });
}
const pages = await client.request(`Observation?patient=${made.id}&_count=2`, { pageLimit: 0, flat: true });
assert.equal(pages.length, 5);
done.push('search in pages');
const resolved = await client.request(`Observation/${pages[0].id}`, { resolveReferences: 'subject' });
assert.equal(resolved.subject.id, made.id);
done.push('references');
const patched = await client.patch(`Patient/${made.id}`, [{ op: 'replace', path: '/birthDate', value: '1990-02-01' }]);
assert.equal(patched.birthDate, '1990-02-01');
done.push('patch');
await client.delete(`Observation/${pages[0].id}`);
await assert.rejects(client.request(`Observation/${pages[0].id}`), (refusal) => refusal.status === 410);
done.push('delete');

console.log(JSON.stringify(done));
