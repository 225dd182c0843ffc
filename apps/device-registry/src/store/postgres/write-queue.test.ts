import { expect, test } from 'vitest';
import type { RegistryWrite } from '../registry-write.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { done } from '../written.ts';
import { WriteQueue } from './write-queue.ts';

const tenant = (name: string): RegistryWrite => ({
  ...{ kind: 'create-tenant', tenant: name, content: {}, version: 'v' },
});

/** `log` has what the database was told, in order. */
function given(fails: (asked: string) => Error | undefined = () => undefined) {
  const log: string[] = [];
  const tell = async (text: string): Promise<{ rows: []; rowCount: number }> => {
    const error = fails(text);
    if (error) throw error;
    log.push(text);
    return { rows: [], rowCount: 0 };
  };
  const transaction =
    (name: string) =>
    async <Result>(work: (client: { query: typeof tell }) => Promise<Result>): Promise<Result> => {
      await tell(`begin ${name}`);
      const result = await work({ query: tell });
      await tell('commit');
      return result;
    };
  const queue = new WriteQueue({
    queries: { exclusively: transaction('turn'), patiently: transaction('long') },
    async apply(_client, write) {
      const id = 'tenant' in write ? write.tenant : write.kind;
      await tell(`write ${id}`);
      return done({ type: 'all-devices-deleted', tenant: id });
    },
    tell: async (_client, written) => void (await tell(`tell ${written.length}`)),
  });
  return { queue, log };
}

test('waiting writes share a transaction, long ones get their own, and all stay in order', async () => {
  const { queue, log } = given();
  const writes = [tenant('a'), tenant('b'), { kind: 'delete-devices', tenant: 'c' } as const, tenant('d')];
  await Promise.all(writes.map((each) => queue.add(each)));
  expect(log).toEqual([
    ...['begin turn', 'write a', 'write b', 'tell 2', 'commit'],
    ...['begin long', 'write c', 'tell 1', 'commit'],
    ...['begin turn', 'write d', 'tell 1', 'commit'],
  ]);
});

test('a write that fails does not affect others', async () => {
  const { queue, log } = given((asked) => (asked === 'write b' ? new Error('no room in b') : undefined));
  const settled = await Promise.allSettled(['a', 'b', 'c'].map((name) => queue.add(tenant(name))));
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(log).toEqual([
    ...['begin turn', 'write a'],
    ...['begin turn', 'write a', 'tell 1', 'commit'],
    'begin turn',
    ...['begin turn', 'write c', 'tell 1', 'commit'],
  ]);
});

test('all writes of a failed transaction fail, and the next one succeeds', async () => {
  let isAway = true;
  const { queue } = given((asked) =>
    asked === 'commit' && isAway ? new StoreUnavailable('away') : undefined,
  );
  const settled = await Promise.allSettled(['a', 'b'].map((name) => queue.add(tenant(name))));
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isAway = false;
  expect(await queue.add(tenant('c'))).toMatchObject({ outcome: { status: 'done' } });
  const last = queue.add(tenant('d'));
  await queue.close();
  expect(await last).toMatchObject({ outcome: { status: 'done' } });
  await expect(queue.add(tenant('e'))).rejects.toBeInstanceOf(StoreUnavailable);
});
