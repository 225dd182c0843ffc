import { startApp, type TestProcess } from '../../e2e/support/processes.ts';

/** What an adapter wrote of one connection event. */
interface LoggedEvent {
  readonly event: 'connected' | 'disconnected';
  readonly eventId: string;
  readonly remoteId: string;
  readonly connectionId: string;
  readonly reason?: string;
}

export interface AdapterInFleet {
  readonly process: TestProcess;
  readonly port: number;
  /** Each once: after a kill, what the journal did not know as sent comes again. */
  events(): readonly LoggedEvent[];
  /** How many connections ended for this reason. */
  ended(reason: string): number;
  /** The check of this name in its readiness: `UP`, or the code. */
  readiness(check: string): Promise<string | undefined>;
}

export interface AdapterInFleetOptions {
  readonly id: string;
  readonly registry: string;
  readonly journal: string;
  /** Default: none. */
  readonly directory?: string;
  /** Default: `mqtt-adapter`. */
  readonly app?: 'mqtt-adapter' | 'http-adapter';
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An adapter as a process, whose connection events go to its log. */
export async function startInFleet(options: AdapterInFleetOptions): Promise<AdapterInFleet> {
  const { app = 'mqtt-adapter' } = options;
  const protocol = app === 'mqtt-adapter' ? 'MQTT' : 'HTTP';
  const process = startApp(app, [], {
    ROLLCALL_ADAPTER_ID: options.id,
    ...(app === 'mqtt-adapter' && { ROLLCALL_ADAPTER_MAXSESSIONSPERDEVICE: '0' }),
    ROLLCALL_REGISTRY_FILE: options.registry,
    ROLLCALL_JOURNAL_DIRECTORY: options.journal,
    ...(options.directory !== undefined && { ROLLCALL_DIRECTORY_URL: options.directory }),
    [`ROLLCALL_${protocol}_INSECUREPORTENABLED`]: 'true',
    [`ROLLCALL_${protocol}_INSECUREPORT`]: '0',
    ROLLCALL_HEALTH_PORT: '0',
    ...options.env,
  });
  const { healthPort, listening } = JSON.parse(
    await process.line((line) => line.includes('"msg":"ready"'), 'that it is ready'),
  ) as { healthPort: number; listening: readonly { port: number }[] };
  const events = (): readonly LoggedEvent[] =>
    process.stdout
      .filter(
        (line) => line.includes('"msg":"device connected"') || line.includes('"msg":"device disconnected"'),
      )
      .map((line) => JSON.parse(line) as LoggedEvent)
      .filter(({ eventId }, index, all) => all.findIndex((each) => each.eventId === eventId) === index);
  return {
    process,
    port: listening[0]?.port ?? 0,
    events,
    ended: (reason) => events().filter((event) => event.reason === reason).length,
    async readiness(check) {
      const answer = await fetch(`http://127.0.0.1:${healthPort}/readiness`, {
        headers: { connection: 'close' },
      });
      const { checks } = (await answer.json()) as {
        checks: readonly { name: string; status: string; code?: string }[];
      };
      const found = checks.find(({ name }) => name === check);
      return found?.code ?? found?.status;
    },
  };
}
