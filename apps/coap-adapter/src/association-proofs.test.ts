import type { AccessEnd } from '@rollcall/access';
import { deviceRef } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { createAssociationProofs } from './association-proofs.ts';
import type { DeviceAssociation } from './associations.ts';

function givenAnAssociation() {
  const proof = { isOver: false, isInDoubt: false, released: 0 };
  let end = (_reason: AccessEnd): void => {};
  const aborted: string[] = [];
  const association = {
    principal: { device: deviceRef('acme', 'd1'), authId: 'd1' },
    abort: (alert: string) => aborted.push(alert),
  } as unknown as DeviceAssociation;
  const proofs = createAssociationProofs({
    log: silentLog,
    holdProof(_identity, ended) {
      end = ended;
      return {
        isOver: () => proof.isOver,
        isInDoubt: () => proof.isInDoubt,
        release: () => (proof.released += 1),
      };
    },
  });
  proofs.opened(association);
  return { proof, proofs, association, aborted, end: (reason: AccessEnd) => end(reason) };
}

test('a message on an association counts while its proof is valid, and not while that is unknown', () => {
  const { proof, proofs, association, aborted } = givenAnAssociation();
  expect(proofs.counts(association)).toBe(true);
  proof.isInDoubt = true;
  expect(proofs.counts(association)).toBe(false);
  expect(aborted, 'it may turn out to be in order').toEqual([]);
  proof.isInDoubt = false;
  expect(proofs.counts(association)).toBe(true);
});

test('an association ends with its proof, reported or noticed on arrival', () => {
  const told = givenAnAssociation();
  told.end('access-revoked');
  expect(told.aborted).toEqual(['accessDenied']);
  const noticed = givenAnAssociation();
  noticed.proof.isOver = true;
  expect(noticed.proofs.counts(noticed.association)).toBe(false);
  expect(noticed.aborted).toEqual(['accessDenied']);
});

test('an association that is closed holds no proof, and its messages do not count', () => {
  const { proof, proofs, association } = givenAnAssociation();
  proofs.closed(association);
  expect(proof.released).toBe(1);
  expect(proofs.counts(association)).toBe(false);
});
