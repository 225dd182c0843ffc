import { ManualClock, seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { ProofMemory, type ProofMemoryOptions } from './proof-memory.ts';
import type { StoredProofs } from '@rollcall/outbox/internal';

const dayMs = 86_400_000;
const trier = { address: '192.0.2.1', name: 'd1@acme' };
const secret = Buffer.from('secret');

function given(facts: Partial<ProofMemoryOptions> = {}, clock = new ManualClock()) {
  return { clock, memory: new ProofMemory({ clock, random: seededRandom(1), ...facts }) };
}

/** What a journal would have after these changes. */
function stored(memory: ProofMemory): StoredProofs {
  const changes = memory.takeChanges();
  if (!changes?.key) throw new Error('no key');
  return { key: changes.key, proofs: changes.noted };
}

test('a proof is one of this secret, this name, this kind and this address, and of no other', () => {
  const { memory } = given();
  memory.add(memory.of(trier, 'password', secret));
  expect(memory.has(memory.of(trier, 'password', secret))).toBe(true);
  for (const other of [
    memory.of(trier, 'password', Buffer.from('Secret')),
    memory.of(trier, 'key', secret),
    memory.of({ ...trier, name: 'd2@acme' }, 'password', secret),
    memory.of({ ...trier, address: '192.0.2.2' }, 'password', secret),
    // What one says in the name, another would say in the secret.
    memory.of({ ...trier, name: 'd1@acme\nsec' }, 'password', Buffer.from('ret')),
  ])
    expect(memory.has(other)).toBe(false);
});

test('within an IPv6 network of 64 bits a device may change its address', () => {
  const { memory } = given();
  memory.add(memory.of({ ...trier, address: '2001:db8::1' }, 'password', secret));
  expect(memory.has(memory.of({ ...trier, address: '2001:db8::2' }, 'password', secret))).toBe(true);
});

test('it lasts seven days after it was given last', () => {
  const { clock, memory } = given();
  const proof = memory.of(trier, 'password', secret);
  memory.add(proof);
  clock.advance(6 * dayMs);
  expect(memory.has(proof)).toBe(true);
  memory.add(proof);
  clock.advance(6 * dayMs);
  expect(memory.has(proof)).toBe(true);
  clock.advance(dayMs);
  expect(memory.has(proof)).toBe(false);
});

test('it outlives a restart with what the journal has; that holds neither secret nor address', () => {
  const { clock, memory } = given();
  memory.add(memory.of(trier, 'password', secret));
  const recovered = stored(memory);
  expect(JSON.stringify(recovered.proofs)).not.toMatch(/secret|192\.0/);
  const { memory: again } = given({ recovered, random: seededRandom(2) }, clock);
  expect(again.has(again.of(trier, 'password', secret))).toBe(true);
  expect(again.takeChanges()).toBeUndefined();
});

test('another key knows nothing of it', () => {
  const { memory } = given();
  const { memory: other } = given({ random: seededRandom(2) });
  expect(other.of(trier, 'password', secret).hash).not.toBe(memory.of(trier, 'password', secret).hash);
});

test('the journal is told what is new, what is a day older, and what is forgotten', () => {
  const { clock, memory } = given();
  const proof = memory.of(trier, 'password', secret);
  memory.add(proof);
  memory.takeChanges();
  memory.add(proof);
  expect(memory.takeChanges()).toBeUndefined();
  clock.advance(dayMs);
  memory.add(proof);
  expect(memory.takeChanges()).toEqual({ noted: [{ ...proof, at: clock.now() }], forgotten: [] });
  memory.forget(proof);
  expect(memory.takeChanges()).toMatchObject({ noted: [], forgotten: [proof] });
  expect(memory.knows(trier.name)).toBe(false);
});

test('a device that moves about does not make others be forgotten', () => {
  const { memory } = given({ maxProofs: 100, maxPerName: 4 });
  const quiet = memory.of(trier, 'password', secret);
  memory.add(quiet);
  const roaming = Array.from({ length: 1_000 }, (_, index) =>
    memory.of({ address: `10.0.${index >> 8}.${index & 255}`, name: 'd2@acme' }, 'password', secret),
  );
  for (const each of roaming) memory.add(each);
  expect(memory.has(quiet)).toBe(true);
  expect(roaming.filter((each) => memory.has(each))).toEqual(roaming.slice(-4));
});

test('beyond its bound, the name proved longest ago is forgotten', () => {
  const { memory } = given({ maxProofs: 3 });
  const proofs = [1, 2, 3, 4].map((each) =>
    memory.of({ ...trier, name: `d${each}@acme` }, 'password', secret),
  );
  for (const each of proofs) memory.add(each);
  expect(proofs.map((each) => memory.has(each))).toEqual([false, true, true, true]);
});
