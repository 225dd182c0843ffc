import type { InForce, MessagingModule } from '@rollcall/messaging-module';
import { variableOf } from '@rollcall/options';
import type { Effective } from '@rollcall/options/internal';

/** What decides if a variable is not set. */
export interface Deciders {
  readonly messaging: readonly Pick<MessagingModule, 'inForce'>[];
  /** Of an adapter that was given none. */
  readonly adapterId: string;
}

/** The values in force: also those that follow from other variables, with their origin. */
export function inForce(effective: readonly Effective[], deciders: Deciders): readonly Effective[] {
  const texts = new Map(effective.map(({ variable, text }) => [variable, text]));
  const decided = decisions((name) => texts.get(variableOf(name)), deciders);
  return effective.map((each) => {
    const decision = decided.get(each.variable);
    const isGiven = each.source !== 'not set' && each.source !== 'default';
    return decision && !isGiven ? { ...each, ...decision } : each;
  });
}

type Decision = Pick<Effective, 'text' | 'source'>;

function decisions(
  textOf: (name: string) => string | undefined,
  { messaging, adapterId }: Deciders,
): ReadonlyMap<string, Decision> {
  const decided = new Map<string, Decision>();
  const decide = (name: string, text: string, source: string): void =>
    void decided.set(variableOf(name), { text, source });

  for (const module of messaging)
    for (const { option, text, because } of module.inForce(textOf)) decide(option, text, sourceOf(because));
  decide('ADAPTER_ID', adapterId, 'name of the host');
  const hasDirectory = textOf('JOURNAL_DIRECTORY') !== undefined;
  decide(
    'JOURNAL_KIND',
    hasDirectory ? 'file' : 'memory',
    `follows from ROLLCALL_JOURNAL_DIRECTORY, which is ${hasDirectory ? '' : 'not '}set`,
  );
  return decided;
}

function sourceOf(because: InForce['because']): string {
  return 'preset' in because ? `preset ${because.preset}` : `follows from ${variableOf(because.follows)}`;
}
