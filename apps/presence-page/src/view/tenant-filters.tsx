import type { Status } from '../logic/answers.ts';
import { reasonInWords } from '../logic/in-words.ts';
import type { Change, Route } from '../logic/route.ts';

/** Which devices of a tenant are shown, and in which order. */
export function TenantFilters({
  route,
  change,
  table,
}: {
  readonly route: Route;
  readonly change: Change;
  readonly table: { names(of: 'protocol' | 'reason'): readonly string[] };
}) {
  const choose = (name: string) => (value: string) => change({ [name]: value === '' ? undefined : value });
  return (
    <div class="filters">
      <input
        type="search"
        aria-label="Search for devices"
        placeholder="Search devices"
        value={route.search ?? ''}
        onInput={({ currentTarget }) => change({ search: currentTarget.value }, true)}
        // Some browsers do this by themselves.
        onKeyDown={({ key }) => key === 'Escape' && change({ search: undefined }, true)}
      />
      <Choice
        label="Status"
        value={route.status}
        choices={(['online', 'offline', 'unknown'] satisfies Status[]).map((each) => [each, each])}
        choose={choose('status')}
      />
      <Choice
        label="Protocol"
        value={route.protocol}
        choices={table.names('protocol').map((each) => [each, each])}
        choose={choose('protocol')}
      />
      <Choice
        label="Reason"
        value={route.reason}
        choices={table.names('reason').map((each) => [each, reasonInWords(each)])}
        choose={choose('reason')}
      />
      <Choice
        label="Changed"
        value={route.withinS === undefined ? undefined : String(route.withinS)}
        choices={[
          ['300', 'in 5 min'],
          ['3600', 'in 1 h'],
          ['86400', 'in 24 h'],
        ]}
        choose={(value) => change({ withinS: value === '' ? undefined : Number(value) })}
      />
      <Choice
        label="Order"
        value={route.order}
        choices={[
          ['name', 'by name'],
          ['latest', 'latest first'],
        ]}
        choose={(value) => change({ order: value as Route['order'] })}
        isAlways
      />
    </div>
  );
}

function Choice(given: {
  readonly label: string;
  readonly value: string | undefined;
  readonly choices: readonly (readonly [string, string])[];
  readonly isAlways?: boolean;
  choose(value: string): void;
}) {
  const { label, value, isAlways = false, choose } = given;
  const isListed = value === undefined || given.choices.some(([each]) => each === value);
  const choices = isListed ? given.choices : [...given.choices, [value, value] as const];
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value ?? ''} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {!isAlways && <option value="">all</option>}
        {choices.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
