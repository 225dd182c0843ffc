/** A port of an adapter, as its options have it by default. */
interface AdapterPort {
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  /** What devices speak there, e.g. `MQTT over TLS`. */
  readonly for: string;
  /** The environment variable that moves it, e.g. `ROLLCALL_MQTT_PORT`. */
  readonly variable: string;
}

/** How `up` runs an adapter, on loopback. `{port}` stands for the port that devices connect to. */
interface AdapterInUp {
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  readonly healthPort: number;
  /** Where devices connect to, e.g. `mqtt://127.0.0.1:{port}`. */
  readonly url: string;
  readonly note?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Lines of a shell that the banner proposes, with a comment first. */
  readonly try?: readonly string[];
}

/** What the field `rollcall` in the package.json of an adapter says. */
export interface AdapterEntry {
  /** Of the app, e.g. `mqtt-adapter`: its folder, its npm script, its log file. */
  readonly name: string;
  /** What the app is for, in one sentence. */
  readonly description: string;
  /** For people, e.g. `MQTT` in `MQTT adapter`. */
  readonly title: string;
  /** For people, e.g. `AMQP 1.0` in `AMQP 1.0 devices`. */
  readonly protocol: string;
  /** Names the adapter in events and its journal, e.g. `mqtt-0`. */
  readonly adapterId: string;
  readonly ports: readonly AdapterPort[];
  readonly up: AdapterInUp;
}

interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly rollcall?: Omit<AdapterEntry, 'name' | 'description' | 'adapterId'>;
}

/** Reads the package.json of an app. @returns `undefined` where it is no adapter. */
export function adapterEntry(manifest: unknown): AdapterEntry | undefined {
  const { name: packageName, description, rollcall } = manifest as Manifest;
  if (rollcall === undefined) return undefined;
  const name = packageName.slice(packageName.indexOf('/') + 1);
  return { name, description, adapterId: name.replace(/-adapter$/, '-0'), ...rollcall };
}

/** In the order in which they are shown to people: that of their health ports in `up`. */
export function inOrder(entries: readonly AdapterEntry[]): readonly AdapterEntry[] {
  return entries.toSorted((a, b) => a.up.healthPort - b.up.healthPort);
}
