import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { journal } from './journal.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-journals-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

describe.each(['status', 'list'] as const)('journal %s', (action) => {
  test('goes on after a journal that cannot be read, names each, and says so in its status', async () => {
    const files = ['a', 'b'].map((name) => join(directory, `${name}.journal`));
    for (const file of files) writeFileSync(file, 'no journal at all');
    const told: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);

    const status = await journal({ action, files: [], directory, json: false });

    expect(status).toBe(1);
    expect(told).toEqual(files.map((file) => expect.stringContaining(`${file}: not a journal`)));
  });
});
