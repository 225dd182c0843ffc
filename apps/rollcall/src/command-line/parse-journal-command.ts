import type { Destination } from '../network/reach.ts';
import type { JournalCommand } from '../journal/journal.ts';
import { journalActions } from './actions.ts';

/** Reads the arguments after `rollcall journal`. Returns a text when something is wrong with them. */
export function parseJournalCommand(
  [action = '', ...files]: readonly string[],
  values: { readonly sink?: string; readonly yes?: boolean; readonly json?: boolean },
  directory: string,
  to: Destination,
): JournalCommand | string {
  const chosen = journalActions.find((each) => each === action);
  if (!chosen) return `journal ${action}: must be one of ${journalActions.join(', ')}`;
  if (chosen !== 'discard' && (values.sink !== undefined || values.yes !== undefined))
    return `journal ${chosen} has no option --${values.sink === undefined ? 'yes' : 'sink'}`;
  const command = { ...to, files, directory, json: values.json ?? false };
  const [file, target, ...more] = files;
  if (chosen === 'backup')
    return file === undefined || target === undefined || more.length > 0
      ? 'journal backup needs a journal, and where its copy goes'
      : { ...command, action: chosen, file, target };
  if (chosen !== 'discard') return { ...command, action: chosen };
  if (file === undefined || target !== undefined) return 'journal discard needs one journal';
  if (values.sink === undefined) return 'journal discard needs --sink NAME';
  return { ...command, action: chosen, file, sink: values.sink, yes: values.yes ?? false };
}
