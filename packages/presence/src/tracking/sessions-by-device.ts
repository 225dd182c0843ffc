import { deviceKey, type DeviceRef, type Instant } from '@rollcall/core';

/** The facts that decide which session gives way when there are too many. */
export interface SessionFacts {
  /** What no other session of the device may hold at the same time, if anything. */
  readonly slot: string | undefined;
  /** How long its device may be silent, as it promised; absent: it promised nothing. */
  readonly keepAliveMs: number | undefined;
  readonly lastSeen: Instant;
}

/** The sessions of each device. */
export interface SessionsByDevice<Session> {
  add(device: DeviceRef, session: Session): void;
  remove(device: DeviceRef, session: Session): void;
  /**
   * Whether the device may have one more, if it has at most `limit` then; 0: any number. If it has that many already, the session that was
   * silent longest gives way, if it was silent for longer than its keep-alive: it is the result. Active sessions are
   * not ended: a device with too many active ones must not end them in turn again and again.
   *
   * @param slot what the newcomer will hold: its holder makes room in any case.
   * @param heardUntil what arrived before that was read.
   */
  room(
    device: DeviceRef,
    slot: string | undefined,
    limit: number,
    heardUntil: Instant,
  ): 'free' | 'full' | Session;
}

export function createSessionsByDevice<Session>(
  factsOf: (session: Session) => SessionFacts,
): SessionsByDevice<Session> {
  const devices = new Map<string, Set<Session>>();

  return {
    add(device, session) {
      const key = deviceKey(device);
      const sessions = devices.get(key);
      if (sessions) sessions.add(session);
      else devices.set(key, new Set([session]));
    },
    remove(device, session) {
      const key = deviceKey(device);
      const sessions = devices.get(key);
      sessions?.delete(session);
      if (sessions?.size === 0) devices.delete(key);
    },
    room(device, slot, limit, heardUntil) {
      const sessions = devices.get(deviceKey(device));
      if (!sessions || limit === 0 || sessions.size < limit) return 'free';
      let longest: { readonly session: Session; readonly silentMs: number } | undefined;
      for (const session of sessions) {
        const facts = factsOf(session);
        if (slot !== undefined && facts.slot === slot) return 'free';
        const silentMs = heardUntil - facts.lastSeen;
        if (silentMs > (facts.keepAliveMs ?? Infinity) && silentMs > (longest?.silentMs ?? 0))
          longest = { session, silentMs };
      }
      return longest?.session ?? 'full';
    },
  };
}
