import { expect, test } from 'vitest';
import { packBatch, unpackBatch } from './pack-batch.ts';
import type { Batch, Standing } from './stored.ts';

const open: Standing = { open: true, waiting: ['events'], parked: {} };
/** Each differs from all others in one field. */
const standings: readonly Standing[] = [
  open,
  { ...open, open: false },
  { ...open, waiting: [] },
  { ...open, waiting: ['events', 'log'] },
  { ...open, waiting: ['log', 'events'] },
  { ...open, waiting: ['events","log'] },
  { ...open, waiting: ['events\nlog'] },
  { ...open, parked: { events: 'no such address' } },
  { ...open, parked: { events: 'not allowed' } },
  { ...open, lastSeen: 0 },
  { ...open, lastSeen: 1 },
  { ...open, lease: '{}' },
];

function batchOf(count: number): Batch {
  const standingOf = (seq: number): Standing => structuredClone(standings[seq % standings.length] ?? open);
  const seqs = Array.from({ length: count }, (_, index) => index + 1);
  return {
    highWater: '019b00000000ffff',
    removed: [7, 9],
    inserted: seqs.map((seq) => ({
      seq,
      facts: `{"seq":${seq}}`,
      downstream: seq % 3 === 0 ? '{"defaults":{}}' : `{"defaults":{"of":${seq}}}`,
      standing: standingOf(seq),
    })),
    updated: seqs.map((seq) => [1_000 + seq, standingOf(seq + 1)] as const),
    settled: [[5, [{ sink: 'events', refusal: 'no' }]]],
    rhythms: [['holder', undefined]],
    proofs: { key: Uint8Array.of(1, 2), marks: [{ name: 'a', hash: 'b' }] },
    moreWaits: true,
    owed: [{ tenant: 't', device: 1, sink: 'events', pairs: 2 }],
  };
}

test('a batch arrives in the other thread unchanged', () => {
  const batch = batchOf(100);
  expect(unpackBatch(structuredClone(packBatch(batch)))).toEqual(batch);
});

test('an empty batch arrives unchanged', () => {
  const nothing: Batch = { removed: [], inserted: [], updated: [], settled: [], rhythms: [] };
  expect(unpackBatch(packBatch(nothing))).toEqual(nothing);
});

test('values that events have in common are sent once', () => {
  const inserted = [1, 2, 3].map((seq) => ({
    seq,
    facts: '{}',
    downstream: '{"defaults":{}}',
    standing: { ...open },
  }));
  const packed = packBatch({ ...batchOf(0), inserted, updated: [[4, { ...open }]] });
  expect(packed.standings).toEqual([open]);
  expect(packed.downstreams).toEqual(['{"defaults":{}}']);
});
