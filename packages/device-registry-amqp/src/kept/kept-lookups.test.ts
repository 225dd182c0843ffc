import { ManualClock, settled } from '@rollcall/conformance';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Asked, Question, ServiceAnswer } from '../asking/question.ts';
import { KeptLookups, type Understood } from './kept-lookups.ts';

const utf8 = new TextDecoder();
const question = (name: string): Question => ({ address: name, subject: 'get', properties: {} });
const figures = { name: 'test', reachable: true, outstanding: 0, outcomes: {} };

/** The first letter of the name is what the answer is about. */
function understand(name: string) {
  return ({ status, body }: ServiceAnswer): Understood<string> =>
    status === 200
      ? { status: 'found', value: utf8.decode(body), about: [name.slice(0, 1)] }
      : { status: 'not-found' };
}

/** A service that answers when the test says so. */
function given() {
  const clock = new ManualClock();
  const asked: { readonly name: string; answer(answer: Asked): void }[] = [];
  const lookups = new KeptLookups<string>(
    {
      ask: ({ address }) => new Promise((resolve) => asked.push({ name: address, answer: resolve })),
      figures: () => figures,
    },
    clock,
    { maxKept: 100, keepSeconds: 10 },
  );
  const lookUp = (name: string) => lookups.lookUp(name, '', () => question(name), understand(name));
  return { clock, asked, lookups, lookUp };
}

const found = (text: string, cacheControl = 'max-age = 5'): Asked => ({
  kind: 'answered',
  status: 200,
  cacheControl,
  body: Buffer.from(text),
});
const missing: Asked = { kind: 'answered', status: 404 };
const away: Asked = { kind: 'failed', why: 'away', onlyThis: false };

test('equal questions at the same time are asked once, and later ones are answered from what is kept', async () => {
  const { asked, lookUp, lookups } = given();
  const both = [lookUp('a'), lookUp('a'), lookUp('b')];
  expect(asked.map(({ name }) => name)).toEqual(['a', 'b']);
  for (const each of asked) each.answer(found(`of ${each.name}`));
  const values = (await Promise.all(both)).map((each) => each.status === 'found' && each.value);
  expect(values).toEqual(['of a', 'of a', 'of b']);
  expect(await lookUp('a'), 'the same object').toBe(await lookUp('a'));
  expect([asked.length, lookups.figures()]).toEqual([2, { ...figures, kept: 2, keptUses: 2 }]);
});

test('a name that is not found is asked for each time, and its earlier answer is forgotten', async () => {
  const { clock, asked, lookUp } = given();
  for (let time = 0; time < 2; time++) {
    const looked = lookUp('a');
    asked.at(-1)?.answer(missing);
    expect(await looked).toEqual({ status: 'not-found' });
  }
  expect(asked).toHaveLength(2);
  const looked = lookUp('a');
  asked.at(-1)?.answer(found('x', 'no-cache'));
  await looked;
  void lookUp('a');
  expect(asked, 'no-cache').toHaveLength(4);
  expect(clock.armed).toBe(0);
});

test('an answer that was under way at a change is not kept, and later questions do not get it', async () => {
  const { asked, lookups, lookUp } = given();
  const before = lookUp('a');
  lookups.drop('a');
  const after = lookUp('a');
  expect(asked, 'asked again').toHaveLength(2);
  asked[1]?.answer(found('new'));
  expect(await after).toMatchObject({ value: 'new' });
  asked[0]?.answer(found('old'));
  expect(await before, 'who asked before').toMatchObject({ value: 'old' });
  expect(await lookUp('a')).toMatchObject({ value: 'new' });
});

test('a change of something else does not keep an answer from being kept', async () => {
  const { asked, lookups, lookUp } = given();
  const first = lookUp('a');
  for (let change = 0; change < 10; change++) lookups.drop('b');
  asked[0]?.answer(found('x'));
  await first;
  expect(await lookUp('a')).toMatchObject({ value: 'x' });
  expect(asked).toHaveLength(1);
});

test('after more changes than are remembered, an answer that was under way is not kept', async () => {
  const { asked, lookups, lookUp } = given();
  const first = lookUp('a');
  lookups.drop('a');
  for (let change = 0; change < 2_000; change++) lookups.drop(`other ${change}`);
  asked[0]?.answer(found('old'));
  await first;
  void lookUp('a');
  expect(asked).toHaveLength(2);
});

test('after a doubt everything is asked again; if that fails, a kept answer is used until it expires', async () => {
  const { clock, asked, lookups, lookUp } = given();
  const first = lookUp('a');
  asked[0]?.answer(found('kept'));
  await first;
  lookups.doubtAll();
  const second = lookUp('a');
  asked[1]?.answer(away);
  expect(await second).toMatchObject({ value: 'kept', doubtful: true });
  clock.advance(4_000);
  const again = lookUp('a');
  asked[2]?.answer(found('new'));
  expect(await again).not.toHaveProperty('doubtful');
  lookups.doubtAll();
  clock.advance(5_000);
  const third = lookUp('a');
  asked[3]?.answer(away);
  expect(await third, 'out of date').toEqual({ status: 'failed', failed: away });
});

test.each([
  ['not found', missing],
  ['found, and is another', found('other')],
])(
  'after two doubts what was %s between them counts for more than what was kept before',
  async (_what, answer) => {
    const { asked, lookups, lookUp } = given();
    const first = lookUp('a');
    asked[0]?.answer(found('kept'));
    await first;
    lookups.doubtAll();
    const second = lookUp('a');
    lookups.doubtAll();
    asked[1]?.answer(answer);
    await second;
    const third = lookUp('a');
    asked[2]?.answer(away);
    expect(await third).toEqual({ status: 'failed', failed: away });
  },
);

test('after a change no kept answer is used, even if asking fails', async () => {
  const { asked, lookups, lookUp } = given();
  const first = lookUp('a');
  asked[0]?.answer(found('kept'));
  await first;
  lookups.drop('a');
  const second = lookUp('a');
  asked[1]?.answer(away);
  expect(await second).toEqual({ status: 'failed', failed: away });
});

type Step =
  | { readonly do: 'write'; readonly name: string; readonly told: boolean }
  | { readonly do: 'delete'; readonly name: string }
  | { readonly do: 'ask'; readonly name: string }
  | { readonly do: 'answer'; readonly which: number; readonly away: boolean; readonly asAsked: boolean }
  | { readonly do: 'doubt' }
  | { readonly do: 'wait'; readonly ms: number };

const names = fc.constantFrom('a', 'b', 'c');
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('write' as const), name: names, told: fc.boolean() }),
  fc.record({ do: fc.constant('delete' as const), name: names }),
  fc.record({ do: fc.constant('ask' as const), name: names }),
  fc.record({
    do: fc.constant('answer' as const),
    which: fc.nat(5),
    away: fc.boolean(),
    asAsked: fc.boolean(),
  }),
  fc.record({ do: fc.constant('doubt' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3_000) }),
);

test('every answer was true at some time since it was asked for, or it is older by an unreported change, and has not expired', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 60, size: 'max' }), async (all) => {
      const { clock, asked, lookups, lookUp } = given();
      /** Each version with the time at which it ended; a deletion is a version, too. */
      const history = new Map<string, { readonly text: string; until: number; isToldOver: boolean }[]>();
      const now = (): number => clock.monotonic();
      const latest = (name: string) => history.get(name)?.at(-1);
      let versions = 0;
      /** What was true when each question was asked. */
      const truths: string[] = [];
      const answered = new Set<number>();
      const write = (name: string, text: string, isTold: boolean): void => {
        const before = latest(name);
        if (before) Object.assign(before, { until: now(), isToldOver: isTold });
        history.set(name, [...(history.get(name) ?? []), { text, until: Infinity, isToldOver: false }]);
        if (isTold) lookups.drop(name);
      };
      for (const name of ['a', 'b', 'c']) write(name, `${name}${versions++}`, true);
      const looked: {
        readonly at: number;
        readonly name: string;
        readonly result: Promise<Understood<string>>;
      }[] = [];
      for (const step of all) {
        clock.advance(1);
        for (const { name } of asked.slice(truths.length)) truths.push(latest(name)?.text ?? '');
        if (step.do === 'write') write(step.name, `${step.name}${versions++}`, step.told);
        else if (step.do === 'delete') write(step.name, '', true);
        else if (step.do === 'ask') looked.push({ at: now(), name: step.name, result: lookUp(step.name) });
        else if (step.do === 'doubt') lookups.doubtAll();
        else if (step.do === 'wait') clock.advance(step.ms);
        else {
          const open = [...asked.keys()].filter((index) => !answered.has(index));
          const which = open[step.which % Math.max(1, open.length)] ?? -1;
          answered.add(which);
          const each = asked[which];
          const truth = step.asAsked ? truths[which] : each && latest(each.name)?.text;
          each?.answer(step.away ? away : truth === '' ? missing : found(truth ?? ''));
          await settled();
        }
      }
      for (const { name, answer } of asked)
        answer(latest(name)?.text === '' ? missing : found(latest(name)?.text ?? ''));
      for (const { at, name, result } of looked) {
        const understood = await result;
        if (understood.status !== 'found') continue;
        const version = history.get(name)?.find(({ text }) => text === understood.value);
        const keptFor = version?.isToldOver === true ? 0 : 5_000;
        expect((version?.until ?? -Infinity) + keptFor, `${understood.value} at ${at}`).toBeGreaterThan(at);
      }
    }),
    { seed: 20_261_130, numRuns: 150 },
  );
});
