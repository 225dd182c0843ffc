import type { ConnectionDirectory } from '@rollcall/core/directory';
import type { FollowedFiles } from '@rollcall/file-follower';
import type { HealthAnswers } from '../health/early-health.ts';
import { checkOfAdapter } from '../health/check-of-adapter.ts';
import { readinessOfOthers } from '../health/readiness.ts';
import type { TurnedAway } from '@rollcall/adapter-kit/internal';
import type { AdapterContext } from './adapter-context.ts';
import type { AdapterParts } from './adapter-parts.ts';
import type { Delivery } from './open-delivery.ts';

interface AnswerParts {
  readonly delivery: Delivery;
  readonly files: FollowedFiles;
  readonly turnedAway: TurnedAway;
  readonly directory: Pick<ConnectionDirectory, 'status'>;
}

/** The answers to probes and to Prometheus. */
export function healthAnswers(
  context: AdapterContext,
  { registry, sinks, sender }: Pick<AdapterParts, 'registry' | 'sinks' | 'sender'>,
  { delivery: { outbox, journal }, files, turnedAway, directory }: AnswerParts,
): HealthAnswers {
  const { clock, failed, metrics } = context;
  return {
    failed,
    turnedAway: (remoteIp) => turnedAway.count('health', remoteIp),
    started: () => [checkOfAdapter(context.phase !== 'starting')],
    readiness: () => [
      checkOfAdapter(context.phase === 'running'),
      ...readinessOfOthers({
        registry,
        sinks,
        sender,
        files: files.states(),
        depth: outbox.depth(),
        journalBehind: journal.behind(),
        directory: directory.status,
        now: clock.now(),
      }),
    ],
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.render() }),
  };
}
