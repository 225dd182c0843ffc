import type { ConnectionTracker } from '@rollcall/core/tracker';
import type { HostPresence } from '@rollcall/presence';
import type { ProtocolAdapter } from '@rollcall/adapter-kit';

/** What throws for one device: everything an adapter calls while it serves one. */
export type Curse =
  | 'its tracker, at once'
  | 'its tracker, once it is connected'
  | 'the opening of its connection'
  | 'the report of a signal'
  | 'the wait for the journal, at once'
  | 'the wait for the journal, later';

function fail(): never {
  throw new Error('cursed');
}

/** A tracker that throws from its n-th signal on. */
function failingTracker<State, Signal>(
  tracker: ConnectionTracker<State, Signal>,
  signals: number,
): ConnectionTracker<State, Signal> {
  let seen = 0;
  return { ...tracker, reduce: (...args) => (++seen > signals ? fail() : tracker.reduce(...args)) };
}

type Open = HostPresence['open'];

const curses: Readonly<Record<Curse, (open: Open) => Open>> = {
  'its tracker, at once': (open) => (tracker, description) => open(failingTracker(tracker, 0), description),
  'its tracker, once it is connected': (open) => (tracker, description) =>
    open(failingTracker(tracker, 1), description),
  'the opening of its connection': () => fail,
  'the report of a signal': (open) => (tracker, description) => ({
    ...open(tracker, description),
    report: fail,
  }),
  'the wait for the journal, at once': (open) => (tracker, description) => ({
    ...open(tracker, description),
    committed: fail,
  }),
  'the wait for the journal, later': (open) => (tracker, description) => ({
    ...open(tracker, description),
    committed: async () => fail(),
  }),
};

export const allCurses = Object.keys(curses) as Curse[];

/** An adapter that is served badly by its host where it is about `device`. */
export function cursedAdapter(adapter: ProtocolAdapter, curse: Curse, device: string): ProtocolAdapter {
  return {
    type: adapter.type,
    start(host) {
      const open: Open = (tracker, description) => host.presence.open(tracker, description);
      const cursed = curses[curse](open);
      return adapter.start({
        ...host,
        presence: {
          ...host.presence,
          open: (tracker, description) =>
            description.identity.device.device === device
              ? cursed(tracker, description)
              : open(tracker, description),
        },
      });
    },
  };
}
