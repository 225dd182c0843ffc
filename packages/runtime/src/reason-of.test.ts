import { expect, test } from 'vitest';
import { reasonOf } from './reason-of.ts';

const refused = new Error('connect ECONNREFUSED ::1:5432');

test.each<[unknown, string]>([
  [refused, 'connect ECONNREFUSED ::1:5432'],
  [new AggregateError([refused, new Error('other')], 'all failed'), 'connect ECONNREFUSED ::1:5432'],
  [new Error('', { cause: new AggregateError([refused]) }), 'connect ECONNREFUSED ::1:5432'],
  [new Error(''), 'Error'],
  [new AggregateError([]), 'AggregateError'],
  [undefined, 'undefined'],
  ['a text', 'a text'],
])('of %o', (error, reason) => {
  expect(reasonOf(error)).toBe(reason);
});
