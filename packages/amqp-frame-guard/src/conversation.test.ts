import { describe, expect, test } from 'vitest';
import { Conversation } from './conversation.ts';
import { defaultGuardLimits, unfinishedPartBytes, type GuardLimits } from './guard-limits.ts';
import {
  attach,
  begin,
  binary,
  close,
  data,
  described,
  detach,
  disposition,
  end,
  frame,
  list,
  nothing,
  open,
  saslInit,
  symbol,
  text,
  transfer,
  uint,
  yes,
  type Bytes,
} from './testing/frames.ts';

const limits: GuardLimits = {
  ...defaultGuardLimits,
  maxMessageBytes: 1_000,
  maxUnfinishedBytes: 2 * (1_000 + unfinishedPartBytes),
  maxSessions: 2,
  maxLinks: 4,
  maxValues: 200,
};

/** What the conversation says of a frame after others that it takes. */
function verdictOn(
  last: Uint8Array,
  before: readonly Uint8Array[] = [open(), begin(), attach(0)],
  credit?: number,
): string {
  const conversation = new Conversation({
    limits,
    ...(credit !== undefined && { creditOf: () => credit }),
  });
  for (const each of before) conversation.amqp(each);
  try {
    conversation.amqp(last);
    return 'taken';
  } catch (error) {
    return (error as Error).message;
  }
}

type Taken = [what: string, last: Uint8Array, before?: Uint8Array[]];
type NotTaken = [what: string, last: Uint8Array, problem: string, before?: Uint8Array[]];

const flow = (...rest: readonly Bytes[]) =>
  frame(described(0x13, list(uint(0), uint(100), uint(0), uint(100), ...rest)));
const beginAnswering = (channel: number) =>
  frame(described(0x11, list(uint(channel), uint(0), uint(100), uint(100))));

describe('a client may', () => {
  test.each([
    ['open', open(), []],
    ['begin', begin(), [open()]],
    ['attach', attach(0), [open(), begin()]],
    ['send a message', transfer()],
    ['send no message at all', transfer({ payload: [] })],
    ['give credit', flow(uint(0), uint(0), uint(10))],
    ['settle', disposition(0, 10)],
    ['settle one', frame(described(0x15, list(yes, uint(7))))],
    ['detach', detach(0)],
    ['attach again', attach(0), [open(), begin(), attach(0), detach(0)]],
    ['end', end()],
    ['begin again', begin(), [open(), begin(), end()]],
    ['close', close()],
    ['send a heartbeat', frame([])],
    ['begin a body behind an extended header', frame([0, 0, 0, 0], { dataOffset: 3 })],
  ] satisfies Taken[])('%s', (...[, last, before]: Taken) => expect(verdictOn(last, before)).toBe('taken'));
});

describe('a client may not', () => {
  test.each([
    ['begin before it opens', begin(), 'does not open', []],
    ['open twice', open(), 'opens twice'],
    ['go on after its close', begin(1), 'after its close', [open(), close()]],
    ['begin a session twice', begin(), 'begins twice'],
    ['begin a session as an answer', beginAnswering(0), 'did not begin', [open(), begin(), end()]],
    ['begin on a channel above channel-max', begin(2), 'above channel-max', [open(), begin(0)]],
    ['have many sessions', begin(2), 'too many sessions', [open(), begin(0), begin(1)]],
    ['use a session that is not there', attach(0, 'x', 5), 'no such session'],
    ['have many links', attach(4), 'too many links'],
    ['use a handle twice', attach(0, 'other'), 'used twice'],
    ['name a link __proto__', attach(1, '__proto__'), 'no proper name'],
    ['name a link constructor', attach(1, 'constructor'), 'no proper name'],
    ['name a link at length', attach(1, 'x'.repeat(257)), 'no proper name'],
    ['send to a link that is not there', transfer({ handle: 3 }), 'no such link'],
    ['give credit to a link that is not there', flow(uint(3)), 'no such link'],
    ['detach twice', detach(0), 'no such link', [open(), begin(), attach(0), detach(0)]],
    ['abort a delivery', transfer({ aborted: true }), 'aborted'],
    ['send a large message', transfer({ payload: data(1_000) }), 'too large'],
    ['settle four thousand million deliveries', disposition(0, 0xffff_ffff), 'too much'],
    ['settle backwards', disposition(7, 3), 'too much'],
    ['settle nothing', frame(described(0x15, list(yes))), 'about nothing'],
    ['say what a server says', frame(described(0x44, list())), 'not for a client'],
    ['send a frame without a performative', frame([0x45]), 'no performative'],
    ['describe a performative by name', frame([0x00, ...symbol('amqp:open:list'), 0x45]), 'no number'],
    ['send a performative that is no list', frame(described(0x13, uint(1))), 'no list'],
    ['go on after a performative', frame([...described(0x17, list()), 1]), 'goes on'],
    ['begin a body before its frame', frame([], { dataOffset: 1 }), 'elsewhere'],
    ['begin a body after its frame', frame([], { dataOffset: 3 }), 'elsewhere'],
    ['send a SASL frame then', saslInit(), 'another type'],
    ['send text that is none', frame(described(0x12, list([0xa1, 1, 0xff], uint(1)))), 'not UTF-8'],
  ] satisfies NotTaken[])('%s', (...[, last, problem, before]: NotTaken) =>
    expect(verdictOn(last, before)).toContain(problem),
  );

  /** What libraries take for true, or for a number. */
  const notOfItsType: Readonly<Record<string, Bytes>> = {
    'a ulong': [0x80, 0, 0, 0, 0, 0, 0, 0, 1],
    'a small ulong': [0x53, 1],
    'an int': [0x54, 1],
    text: text('9'),
    'a boolean that is 2': [0x56, 2],
  };
  const frameWith = (descriptor: number, given: readonly Bytes[], at: number, value: Bytes): Buffer => {
    const fields = Array.from({ length: 10 }, (_, place) => given[place] ?? nothing);
    fields[at] = value;
    return frame(described(descriptor, list(...fields)));
  };
  const transferred = [uint(0), uint(0), binary([1]), uint(0)];
  const settledOnes = [yes, uint(0), uint(1)];
  test.each<readonly [what: string, descriptor: number, given: readonly Bytes[], at: number]>([
    ['more of a transfer', 0x14, transferred, 5],
    ['aborted of a transfer', 0x14, transferred, 9],
    ['handle of a transfer', 0x14, transferred, 0],
    ['delivery-id of a transfer', 0x14, transferred, 1],
    ['message-format of a transfer', 0x14, transferred, 3],
    ['first of a disposition', 0x15, settledOnes, 1],
    ['last of a disposition', 0x15, settledOnes, 2],
    ['handle of a detach', 0x16, [], 0],
    ['handle of a flow', 0x13, [], 4],
  ])('say %s as another type', (_what, descriptor, given, at) => {
    const verdicts = Object.values(notOfItsType).map((value) =>
      verdictOn(frameWith(descriptor, given, at, value)),
    );
    expect(new Set(verdicts)).toEqual(new Set([expect.stringMatching(/^a field is no (?:uint|boolean)$/)]));
  });

  const deep = Array.from({ length: 100 }).reduce<Bytes>((inner) => list(inner), nothing);
  const deepArrays = Array.from({ length: 100 }).reduce<Bytes>(
    (inner) => [0xe0, inner.length + 1, 1, ...inner],
    [0x40],
  );
  test.each<readonly [string, Bytes, string]>([
    ['lists in lists', deep, 'too deeply'],
    ['arrays in arrays', deepArrays.slice(0, 240), 'value'],
    ['a list of millions', [0xd0, 0, 0, 0, 8, 1, 0xc9, 0xc3, 0x80, 0x40, 0x40, 0x40, 0x40], 'count'],
    ['an array of nulls without end', [0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40], 'too many values'],
    ['many values', list(...Array.from({ length: 300 }, () => nothing)), 'too many values'],
    ['a map with half a pair', [0xc1, 2, 1, 0x40], 'without a value'],
    ['a size beyond the frame', [0xb0, 0xff, 0xff, 0xff, 0xff], 'too late'],
    [
      'a size that is not that of the content',
      [0xc0, 5, 1, 0x40, 0x40, 0x40, 0x40],
      'not that of its content',
    ],
    ['a type that there is none of', [0x31], 'no type'],
    ['a value that breaks off', [0x80, 0, 0], 'too late'],
    ['a descriptor that is described', [0, 0, 0x40, 0x40, 0x40], 'described itself'],
    ['a value that is described twice', [0, 0x40, 0, 0x40, 0x40], 'described twice'],
    ['an array of described values, twice', [0xe0, 4, 1, 0, 0x40, 0], 'twice'],
  ])('send %s', (_what, value, problem) => {
    expect(verdictOn(frame(described(0x10, list(text('c'), value))), [])).toContain(problem);
    expect(verdictOn(transfer({ payload: described(0x77, value) }))).toMatch(/malformed|too large/);
  });
});

describe('a message in several parts', () => {
  const part = (payload: Bytes) => transfer({ more: true, payload });
  const started = [open(), begin(), attach(0), attach(1), attach(2)];

  test('is checked as a whole', () => {
    const whole = data(100);
    expect(verdictOn(transfer({ payload: whole.slice(50) }), [...started, part(whole.slice(0, 50))])).toBe(
      'taken',
    );
    expect(
      verdictOn(transfer({ payload: whole.slice(51) }), [...started, part(whole.slice(0, 50))]),
    ).toContain('malformed');
  });

  test('is refused when it becomes too large', () => {
    const parts = [part(data(400)), part(data(400))];
    expect(verdictOn(transfer({ payload: data(200) }), [...started, ...parts])).toContain('too large');
  });

  test('is refused when it has too many parts, however little is in them', () => {
    const small = data(1).map((byte) => part([byte]));
    const bytesOfPart = unfinishedPartBytes + (small[0]?.length ?? 0);
    const room = Math.floor(limits.maxUnfinishedBytes / bytesOfPart);
    const parts = small.slice(0, room);
    const next = part([0]);
    expect(parts).toHaveLength(room);
    expect(verdictOn(next, [...started, ...parts.slice(1)])).toBe('taken');
    expect(verdictOn(next, [...started, ...parts])).toContain('not finished');
    const finished = [...parts, transfer({ payload: data(1).slice(room) })];
    expect(verdictOn(next, [...started, ...finished])).toBe('taken');
  });

  test('may have any number of parts without payload: nothing is kept of them', () => {
    const parts = Array.from({ length: 20_000 }, () => part([]));
    expect(verdictOn(transfer({ payload: data(1) }), [...started, ...parts])).toBe('taken');
  });

  test('keeps nothing alive of what was read with its parts', () => {
    const conversation = new Conversation({ limits });
    for (const each of started) conversation.amqp(each);
    for (const each of [part([]), part([0]), part([]), transfer({ handle: 1, more: true })]) {
      const read = Buffer.concat([each, Buffer.alloc(65_536 - each.length)]);
      const handedOn = conversation.amqp(read.subarray(0, each.length));
      // The library keeps a slice of it, where there is a payload to keep.
      const hasPayload = handedOn.length > part([]).length;
      expect(hasPayload ? handedOn.buffer.byteLength : 0).toBeLessThan(100);
    }
  });

  test('is refused when too much is unfinished on all links', () => {
    const parts = [0, 1].map((handle) => transfer({ handle, more: true, payload: data(900) }));
    expect(
      verdictOn(transfer({ handle: 2, more: true, payload: data(900) }), [...started, ...parts]),
    ).toContain('not finished');
    expect(
      verdictOn(transfer({ handle: 2, more: true, payload: data(900) }), [...started, ...parts, detach(0)]),
    ).toBe('taken');
  });
});

test('a message keeps little alive of what was read with it, while it waits for its outcome', () => {
  const conversation = new Conversation({ limits });
  for (const each of [open(), begin(), attach(0)]) conversation.amqp(each);
  for (const bytes of [1, 500, 900]) {
    const whole = transfer({ payload: data(bytes) });
    const read = Buffer.concat([whole, Buffer.alloc(65_536 - whole.length)]);
    const handedOn = conversation.amqp(read.subarray(0, whole.length));
    expect(handedOn).toEqual(whole);
    expect(handedOn.buffer.byteLength).toBe(whole.length);
    // One that was read alone is not copied.
    const alone = Uint8Array.from(whole);
    expect(conversation.amqp(alone)).toBe(alone);
  }
});

test('a message of another format is not checked', () => {
  const opaque = [0xff, 0xff, 0xff];
  expect(verdictOn(transfer({ format: 7, payload: opaque }))).toBe('taken');
  const first = transfer({ format: 7, more: true, payload: opaque });
  expect(verdictOn(transfer({ payload: opaque }), [open(), begin(), attach(0), first])).toBe('taken');
  expect(verdictOn(transfer({ payload: opaque }))).toContain('malformed');
});

test('a message without credit is refused', () => {
  expect(verdictOn(transfer(), undefined, 1)).toBe('taken');
  expect(verdictOn(transfer(), undefined, 0)).toContain('credit');
  const rest = transfer({ payload: [] });
  expect(verdictOn(rest, [open(), begin(), attach(0)], 0)).toContain('credit');
});

describe('transactions', () => {
  const attachTo = (target: Bytes) =>
    frame(described(0x12, list(text('tx'), uint(0), [0x42], nothing, nothing, nothing, target)));
  const coordinator = (descriptor: Bytes): Bytes => [0, ...descriptor, ...list()];
  const inTransaction = transfer({ state: described(0x34, list(binary([1]))) });
  const numbers: Bytes[] = [
    [0x53, 0x30],
    [0x80, 0, 0, 0, 0, 0, 0, 0, 0x30],
  ];
  const begun = [open(), begin()];

  test('end the connection where a client may not ask for them', () => {
    for (const number of numbers)
      expect(verdictOn(attachTo(coordinator(number)), begun)).toContain('a terminus of a kind');
    expect(verdictOn(inTransaction)).toContain('a delivery state of a kind');
  });

  test('are told where a client may ask, and are handed on as an ordinary target', () => {
    for (const number of numbers) {
      const conversation = new Conversation({ limits, mayAskForTransactions: true });
      for (const each of begun) conversation.amqp(each);
      const asked = attachTo(coordinator(number));
      conversation.amqp(asked);
      expect(conversation.facts.isTransactional).toBe(true);
      expect(asked).toEqual(attachTo(coordinator([...number.slice(0, -1), 0x29])));
      conversation.amqp(attach(1));
      expect(conversation.facts.isTransactional).toBe(false);
    }
  });

  const started = [open(), begin(), attach(0)];
  const outcome = described(0x34, list(binary([1]), described(0x24, list())));
  const settledWithin = (state: Bytes) => frame(described(0x15, list(yes, uint(0), uint(3), yes, state)));

  test('are told of a message that is sent in one, in one transfer or in several, whichever says so', () => {
    const conversation = new Conversation({ limits, mayAskForTransactions: true });
    for (const each of started) conversation.amqp(each);
    const isInTransaction = (...transfers: readonly Uint8Array[]): boolean => {
      for (const each of transfers) conversation.amqp(each);
      return conversation.facts.isInTransaction;
    };
    const state = described(0x34, list(binary([1])));
    const [first, rest] = [data(9).slice(0, 5), data(9).slice(5)];
    expect(isInTransaction(transfer({ state }))).toBe(true);
    expect(isInTransaction(transfer())).toBe(false);
    expect(
      isInTransaction(transfer({ more: true, state, payload: first }), transfer({ payload: rest })),
    ).toBe(true);
    expect(
      isInTransaction(transfer({ more: true, payload: first }), transfer({ state, payload: rest })),
    ).toBe(true);
    expect(isInTransaction(transfer({ more: true, payload: first }), transfer({ payload: rest }))).toBe(
      false,
    );
  });

  test('are handed on as an ordinary outcome where a client settles in one', () => {
    const conversation = new Conversation({ limits, mayAskForTransactions: true });
    for (const each of started) conversation.amqp(each);
    const ordinary = [0, 0x53, 0x24, ...outcome.slice(3)];
    expect(conversation.amqp(settledWithin(outcome))).toEqual(settledWithin(ordinary));
    expect(verdictOn(settledWithin(outcome))).toContain('a delivery state of a kind');
  });

  test('that are asked for by name end the connection: a library would print the name', () => {
    const conversation = new Conversation({ limits, mayAskForTransactions: true });
    for (const each of begun) conversation.amqp(each);
    expect(() => conversation.amqp(attachTo(coordinator(symbol('amqp:coordinator:list'))))).toThrow(
      'a terminus',
    );
  });
});

test('a message says whether its body has a descriptor of its own, over all its transfers', () => {
  const conversation = new Conversation({ limits });
  for (const each of [open(), begin(), attach(0)]) conversation.amqp(each);
  const whole = described(0x77, described(0x1f, text('x')));
  conversation.amqp(transfer({ more: true, payload: whole.slice(0, 4) }));
  conversation.amqp(transfer({ payload: whole.slice(4) }));
  expect(conversation.facts).toMatchObject({ hasDescribedBody: true });
  conversation.amqp(transfer({ payload: data(10) }));
  expect(conversation.facts).toMatchObject({ hasDescribedBody: false });
});

describe('a delivery that is discarded', () => {
  /** A header without fields: a library needs something of a first transfer. */
  const nothingSaid: Bytes = [0, 0x53, 0x70, 0x45];

  function given() {
    const discarded: unknown[] = [];
    const conversation = new Conversation({
      limits,
      onDiscard: (...what) => discarded.push(what),
    });
    for (const each of [open(), begin(), attach(0), attach(1)]) conversation.amqp(each);
    return { conversation, discarded };
  }

  test('since it is too large is handed on without its payload, with all that follows on its link', () => {
    const { conversation, discarded } = given();
    const large = { more: true, payload: data(900) };
    expect(conversation.amqp(transfer(large))).toEqual(transfer(large));
    expect(conversation.amqp(transfer(large))).toEqual(transfer({ more: true, payload: [] }));
    expect(conversation.amqp(transfer(large))).toEqual(transfer({ more: true, payload: [] }));
    expect(conversation.amqp(transfer(large))).toEqual(transfer({ more: true, payload: [] }));
    expect(conversation.amqp(transfer())).toEqual(transfer({ payload: [] }));
    // The next one.
    expect(conversation.amqp(transfer())).toEqual(transfer({ payload: nothingSaid }));
    expect(discarded).toEqual(Array.from({ length: 5 }, () => [0, 0, 'too-large']));
    expect(conversation.amqp(transfer({ handle: 1 }))).toEqual(transfer({ handle: 1 }));
  });

  test('leaves the room that it took to others, and its link may be used again once it was detached', () => {
    const { conversation, discarded } = given();
    for (let round = 0; round < 10; round++) {
      for (let part = 0; part < 100; part++) conversation.amqp(transfer({ more: true, payload: data(500) }));
      conversation.amqp(transfer({ handle: 1, more: true, payload: data(800) }));
      conversation.amqp(transfer({ handle: 1, aborted: true }));
      conversation.amqp(detach(0));
      conversation.amqp(attach(0));
    }
    expect(conversation.amqp(transfer())).toEqual(transfer());
    expect(discarded.filter((what) => String(what).endsWith('too-large'))).toHaveLength(10 * 99);
  });

  test.each([
    ['at once', []],
    ['in the middle', [transfer({ more: true, payload: [1, 2, 3] })]],
  ])('since it is aborted %s ends there, and its link goes on', (_when, before) => {
    const { conversation, discarded } = given();
    for (const each of before) conversation.amqp(each);
    const aborted = conversation.amqp(transfer({ aborted: true, more: true }));
    expect(aborted).toEqual(transfer({ aborted: true, payload: before.length > 0 ? [] : nothingSaid }));
    expect(conversation.facts.isAborted).toBe(true);
    expect(discarded).toEqual([[0, 0, 'aborted']]);
    expect(conversation.amqp(transfer())).toEqual(transfer());
    expect(conversation.facts.isAborted).toBe(false);
  });
});

describe('drain of a flow', () => {
  const drainFlow = (drain: Bytes): Buffer => flow(uint(0), uint(0), uint(0xffff_ffff), nothing, drain);
  const receiving = frame(described(0x12, list(text('x'), uint(0), yes)));

  test.each([
    ['is made false where the client sends on the link', attach(0), yes, [0x42]],
    ['is made false in its long form too', attach(0), [0x56, 1], [0x56, 0]],
    ['is left where the client receives on it', receiving, yes, yes],
  ] satisfies [string, Buffer, Bytes, Bytes][])('%s', (_what, attached, said, handedOn) => {
    const conversation = new Conversation({ limits });
    for (const each of [open(), begin(), attached]) conversation.amqp(each);
    expect(conversation.amqp(drainFlow(said))).toEqual(drainFlow(handedOn));
  });

  test('is a boolean', () => expect(verdictOn(drainFlow([0x52, 1]))).toBe('a field is no boolean'));
});

test('a message whose value is described by name is refused: rhea knows it by another', () => {
  const named = [0x00, ...symbol('amqp:amqp-value:*'), ...text('x')];
  expect(verdictOn(transfer({ payload: named }))).toContain('malformed');
});

test('a first transfer without payload is handed on with a section that says nothing', () => {
  const conversation = new Conversation({ limits });
  for (const each of [open(), begin(), attach(0)]) conversation.amqp(each);
  const empty = transfer({ more: true, payload: [] });
  expect(conversation.amqp(empty)).toEqual(transfer({ more: true, payload: [0, 0x53, 0x70, 0x45] }));
  expect(conversation.amqp(empty)).toEqual(empty);
});

test.each([
  ['data', 0x75],
  ['properties', 0x73],
])('a section of %s is no described value', (_what, section) =>
  expect(verdictOn(transfer({ payload: described(section, described(0x1f, binary([1]))) }))).toContain(
    'malformed',
  ),
);

describe('a SASL exchange', () => {
  function saslVerdict(...frames: readonly Uint8Array[]): string {
    const conversation = new Conversation({ limits });
    try {
      for (const each of frames) conversation.sasl(each);
      return 'taken';
    } catch (error) {
      return (error as Error).message;
    }
  }
  const response = (value: Bytes) => frame(described(0x43, list(value)), { type: 1 });

  test.each<readonly [string, string, readonly Uint8Array[]]>([
    ['a mechanism', 'taken', [saslInit()]],
    ['a mechanism with a response', 'taken', [saslInit('PLAIN', binary([0, 1, 0, 1]))]],
    ['a response to a challenge', 'taken', [saslInit('SCRAM-SHA-256', binary([1])), response(binary([2]))]],
    ['two mechanisms', 'begins twice', [saslInit(), saslInit()]],
    ['a mechanism that is a property', 'proper name', [saslInit('constructor')]],
    ['a response that is text', 'not binary', [saslInit('PLAIN', text('x'))]],
    ['a response before a mechanism', 'before it began', [response(binary([2]))]],
    ['a response that is null', 'not binary', [saslInit(), response(nothing)]],
    ['an outcome', 'not for a client', [frame(described(0x44, list()), { type: 1 })]],
    ['an AMQP frame', 'another type', [open()]],
    ['an empty frame', 'no performative', [frame([], { type: 1 })]],
  ])('with %s: %s', (_what, verdict, frames) => expect(saslVerdict(...frames)).toContain(verdict));
});
