import type { ComponentChildren } from 'preact';

/** A table that scrolls in its place, by keyboard too. `columns` are its headings. */
export function ScrollTable(given: {
  readonly label: string;
  readonly columns: readonly string[];
  readonly children: ComponentChildren;
}) {
  const { label, columns, children } = given;
  return (
    <div class="scroll" role="group" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
