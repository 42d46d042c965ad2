// fhir-kit-client, unmodified, against a region: prints what it did.
// usage: node fhir-kit-client.mjs BASE TOKEN
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Client } from 'fhir-kit-client';

const [baseUrl, bearerToken] = process.argv.slice(2);
const client = new Client({ baseUrl, bearerToken });
const done = [];
const system = 'urn:test:fhir-kit-client';
const value = randomUUID();

const made = await client.create({
  resourceType: 'Patient',
  body: { resourceType: 'Patient', identifier: [{ system, value }], name: [{ family: 'Awashish' }], gender: 'male' },
});
assert.ok(made.id);
done.push('create');

const read = await client.read({ resourceType: 'Patient', id: made.id });
assert.deepEqual(read, made);
done.push('read');

assert.deepEqual(await client.vread({ resourceType: 'Patient', id: made.id, version: '1' }), made);
done.push('vread');

const changed = await client.update({
  resourceType: 'Patient', id: made.id, body: { ...read, birthDate: '1971-05-20' },
  options: { headers: { 'If-Match': 'W/"1"' } },
});
assert.equal(changed.meta.versionId, '2');
done.push('update');

const found = await client.search({ resourceType: 'Patient', searchParams: { identifier: `${system}|${value}` } });
assert.deepEqual(found.entry.map((entry) => entry.resource.id), [made.id]);
done.push('search');

const history = await client.history({ resourceType: 'Patient', id: made.id });
assert.deepEqual(history.entry.map((entry) => entry.resource.meta.versionId), ['2', '1']);
done.push('history');

const answer = await client.transaction({
  body: {
    resourceType: 'Bundle', type: 'transaction',
    entry: [{
      fullUrl: `urn:uuid:${randomUUID()}`,
      resource: {
        resourceType: 'Observation', status: 'final', code: { text: 'poids' },
        subject: { reference: `Patient/${made.id}` }, valueQuantity: { value: 81.5, unit: 'kg' },
      },
      request: { method: 'POST', url: 'Observation' },
    }],
  },
});
assert.equal(answer.type, 'transaction-response');
done.push('transaction');

const observed = answer.entry[0].response.location.split('/')[1];
await client.delete({ resourceType: 'Observation', id: observed });
await assert.rejects(client.read({ resourceType: 'Observation', id: observed }),
  (refusal) => refusal.response.status === 410);
done.push('delete');

console.log(JSON.stringify(done));
