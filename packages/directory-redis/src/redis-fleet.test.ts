import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('loading the module, which every adapter has, does not load the client of the server', () => {
  const script = `
    import { createRequire } from 'node:module';
    const { redis } = await import('@rollcall/directory-redis');
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(redis.name, loaded.filter((file) => file.includes('ioredis')).length);
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@rollcall/source', '--input-type=module', '--eval', script],
    { cwd: import.meta.dirname, encoding: 'utf8' },
  );
  expect(stdout, stderr).toBe('redis 0\n');
});
