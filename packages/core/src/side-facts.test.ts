import { expect, test } from 'vitest';
import { createSideFacts } from './side-facts.ts';

test('a fact is found by its object, and by no other', () => {
  const facts = createSideFacts<object, string>();
  const [known, unknown] = [{}, {}];
  facts.set(known, 'first');
  expect(facts.get(known)).toBe('first');
  expect(facts.get(unknown)).toBeUndefined();
  facts.set(known, 'second');
  expect(facts.get(known)).toBe('second');
});

test('facts of two kinds are kept apart', () => {
  const [one, other] = [createSideFacts<object, number>(), createSideFacts<object, number>()];
  const owner = {};
  one.set(owner, 1);
  expect(other.get(owner)).toBeUndefined();
  other.set(owner, 2);
  expect([one.get(owner), other.get(owner)]).toEqual([1, 2]);
});

test('the object shows nothing of it, and a copy has none', () => {
  const facts = createSideFacts<object, string>();
  const owner = { device: 'thermostat-7' };
  facts.set(owner, 'a fact');
  expect(Reflect.ownKeys(owner)).toEqual(['device']);
  expect(facts.get({ ...owner })).toBeUndefined();
  expect(facts.get(structuredClone(owner))).toBeUndefined();
});

test('an object of a class of its own may have one', () => {
  class Association {
    readonly #peer = 'peer';
    get peer(): string {
      return this.#peer;
    }
  }
  const facts = createSideFacts<Association, string>();
  const owner = new Association();
  facts.set(owner, 'a fact');
  expect([facts.get(owner), owner.peer]).toEqual(['a fact', 'peer']);
});
