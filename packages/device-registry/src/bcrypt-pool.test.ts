import { compareSync } from 'bcryptjs';
import { ManualClock } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import { expect, onTestFinished, test } from 'vitest';
import { createBcryptPool } from './bcrypt-pool.ts';

const turn = { owner: 'acme', isSuspect: false };

function given(maxWaiting: number) {
  const pool = createBcryptPool(maxWaiting, { clock: new ManualClock(), log: silentLog });
  onTestFinished(() => pool.close());
  return pool;
}

test('passwords are hashed as in Hono, while others are compared', async () => {
  const pool = given(10);
  const [hash, matches] = await Promise.all([
    pool.hash(turn, 'säcret', 4),
    pool.compare(turn, 'säcret', '$2a$04$abcdefghijklmnopqrstuuZb0mPy2fTm9zgmF9fvOD0kZbhPqvK2C'),
  ]);
  expect(hash).toMatch(/^\$2a\$04\$/);
  expect([compareSync('säcret', hash ?? ''), compareSync('secret', hash ?? ''), matches]).toEqual([
    true,
    false,
    false,
  ]);
  expect(await pool.compare(turn, 'säcret', hash ?? '')).toBe(true);
});

test('where too many wait, and after the end, it is busy', async () => {
  const pool = given(0);
  expect(await pool.hash(turn, 'x', 4)).toBeUndefined();
  await pool.close();
  expect(await pool.hash(turn, 'x', 4)).toBeUndefined();
});
