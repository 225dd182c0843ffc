import type { HealthAnswers, HealthCheck } from '@rollcall/adapter-process/internal';
import type { FollowedState } from '@rollcall/file-follower';
import { isoTime } from '../http/as-of.ts';
import type { ServiceState } from './service-state.ts';

/** Answers with a greater lag are reported as old. */
const lagLimitMs = 5_000;
const notReached = 'it cannot be reached, or takes no events: the log says why';

/** The answers to probes. A service that lags is degraded but ready: it answers, and states how old its answers are. */
export function serviceHealth(state: ServiceState): Pick<HealthAnswers, 'started' | 'readiness'> {
  return {
    started: () => [serviceCheck(state.phase() !== 'starting')],
    readiness: async () => [
      serviceCheck(state.phase() === 'running'),
      // Without the database no request can be answered. If only writes fail, answers get old, and another replica may be able to write.
      (await state.database.look()) || state.batches.isPausing || state.freshness.isStoreAway
        ? { name: 'database', status: 'DOWN', code: 'DATABASE_AWAY', reason: notReached }
        : { name: 'database', status: 'UP' },
      eventsCheck(state),
      lagCheck(state),
      coverageCheck(state),
      ...state.files.states().map(fileCheck),
    ],
  };
}

function serviceCheck(isUp: boolean): HealthCheck {
  const name = 'presence-service';
  return isUp ? { name, status: 'UP' } : { name, status: 'DOWN', code: 'SERVICE_NOT_RUNNING' };
}

function eventsCheck({ progress }: ServiceState): HealthCheck {
  const name = 'connection-to-events';
  return progress.isAttached
    ? { name, status: 'UP' }
    : { name, status: 'DEGRADED', code: 'EVENTS_NOT_RECEIVED' };
}

function lagCheck({ freshness }: ServiceState): HealthCheck {
  const { lagMs } = freshness.asOf();
  const name = 'stream-lag';
  if (lagMs !== undefined && lagMs <= lagLimitMs) return { name, status: 'UP' };
  const reason =
    lagMs === undefined ? 'nothing was read yet' : `answers are ${Math.round(lagMs / 1_000)} s old`;
  return { name, status: 'DEGRADED', code: 'ANSWERS_OLD', reason };
}

/** The service answers, and states in each answer what it covers: a recent start is not a fault. */
function coverageCheck({ freshness }: Pick<ServiceState, 'freshness'>): HealthCheck {
  const { isComplete, completeFrom } = freshness.asOf();
  const name = 'coverage';
  if (isComplete) return { name, status: 'UP' };
  const reason = `a device that is unknown may be connected, until the stream is read to ${isoTime(completeFrom)}`;
  return { name, status: 'UP', reason };
}

function fileCheck({ name, current }: FollowedState): HealthCheck {
  const check = `files-of-${name}`;
  return current
    ? { name: check, status: 'UP' }
    : { name: check, status: 'DEGRADED', code: 'FILES_NOT_CURRENT' };
}
