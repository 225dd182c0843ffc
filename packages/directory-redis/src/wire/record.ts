import { wireVersion } from './claim.ts';

/** How a connection of a dead incarnation ended: decided once, and the same for all who ask later. */
type Verdict = 'adapter-lost' | 'taken-over';

/** What the ending of a connection needs, if its incarnation dies. */
export interface StoredRecord {
  /** See `deviceName`. */
  readonly device: string;
  /** See `slotField`. */
  readonly field: string;
  /** Of a lease: when it runs out, by the engine's clock in milliseconds. */
  readonly untilMs?: number;
  /** One line. */
  readonly body: string;
  readonly verdict?: Verdict;
}

const pattern = /^\d([-LT])([^\n]+)\n([^\n]+)\n(\d{0,15})\n([^\n]+)$/;
const verdicts: Readonly<Record<string, Verdict>> = { L: 'adapter-lost', T: 'taken-over' };

/** Lines: device, field, when it runs out, body. The second character is the verdict, which a script puts in. */
export function recordText({ device, field, untilMs, body }: StoredRecord): string {
  const until = untilMs === undefined ? '' : String(Math.max(0, Math.round(untilMs)));
  return `${wireVersion}-${device}\n${field}\n${until}\n${body}`;
}

/** `undefined`: the text is not a record. */
export function readRecord(text: unknown): StoredRecord | undefined {
  const [, mark, device, field, until, body] = (typeof text === 'string' && pattern.exec(text)) || [];
  if (mark === undefined || device === undefined || field === undefined || body === undefined)
    return undefined;
  const verdict = verdicts[mark];
  return {
    device,
    field,
    body,
    ...(until !== undefined && until !== '' && { untilMs: Number(until) }),
    ...(verdict && { verdict }),
  };
}
