import { fullId, shortId } from './short-id.ts';

/**
 * - `owed`: any instance may end its connections, which are still open.
 * - `inherited`: its heir, the next incarnation of the same adapter, ends them from its journal.
 * - `settled`: nothing of it is left.
 */
type DeathState = 'owed' | 'inherited' | 'settled';

/** An incarnation that may do nothing any more. */
export interface Death {
  readonly state: DeathState;
  /** By the engine's clock, in milliseconds. */
  readonly declaredAtMs: number;
  /** Its last sign of life, by the same clock. */
  readonly aliveAtMs: number;
  /** Events from this epoch on may not have been sent. */
  readonly unconfirmedSince: string;
  /** The next incarnation, which ended the connections, or was to: see `state`. */
  readonly heir?: string;
}

const pattern = /^\d (owed|inherited|settled) (\d{1,15}) (\d{1,15}) ([0-9a-f]{16})(?: (\S+))?(?: |$)/;

/** `undefined`: the text is not a death. */
export function readDeath(text: unknown): Death | undefined {
  const [, state, declared, alive, unconfirmedSince, heirText] =
    (typeof text === 'string' && pattern.exec(text)) || [];
  if (declared === undefined || alive === undefined || unconfirmedSince === undefined) return undefined;
  const heir = heirText === undefined ? undefined : fullId(heirText);
  return {
    state: state as DeathState,
    declaredAtMs: Number(declared),
    aliveAtMs: Math.min(Number(alive), Number(declared)),
    unconfirmedSince,
    ...(heir !== undefined && { heir }),
  };
}

/** The same death once its heir has settled it, or died too. It keeps the name of the heir, which may have reported endings. */
export function passedOn(death: Death, state: Exclude<DeathState, 'inherited'>): Death {
  return { ...death, state };
}

export function deathText({ state, declaredAtMs, aliveAtMs, unconfirmedSince, heir }: Death): string {
  const parts = ['1', state, declaredAtMs, aliveAtMs, unconfirmedSince];
  return [...parts, ...(heir === undefined ? [] : [shortId(heir)])].join(' ');
}
