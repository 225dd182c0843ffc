import type { Options } from './option.ts';

/** The Markdown table of an adapter's options, as its README shows it. Those that are like another one are not in it. */
export function environmentTable(options: Options): string {
  const listed = Object.values(options).filter(({ like }) => like === undefined);
  const rows = listed.map(({ name, fallback, hono, secret, describe }) => {
    const value = fallback === undefined ? '' : `\`${fallback}\``;
    const inFile = secret ? `; or \`ROLLCALL_${name}_FILE\`: the file that holds it` : '';
    return `| \`ROLLCALL_${name}\` | ${value} | ${hono ? 'yes' : ''} | ${describe}${inFile} |`;
  });
  return ['| Variable | Default | `HONO_…` too | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
