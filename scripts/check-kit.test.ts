import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import { checkKit as check } from './check-kit.mjs';

const checkKit = check as (
  sources: readonly { readonly path: string; readonly text: string }[],
) => readonly string[];

const problemsOf = (line: string) => checkKit([{ path: 'src/some.ts', text: `first\n${line}\n` }]);

test.each([
  "import { amqp } from '@rollcall/amqp-sender';",
  "import { createAmqpConnection } from '@rollcall/amqp-connection';",
  "import rhea from 'rhea';",
  "const kinds = oneOf('hono', 'artemis');",
  '// RabbitMQ drops it.',
  "const host = optional('MESSAGING_HOST', text, 'host');",
  "problems.push('ROLLCALL_MESSAGING_HOST: must be set');",
  "const servers = optional('KAFKA_SERVERS', text, 'servers');",
])('the kit must not have: %s', (line) => {
  expect(problemsOf(line)).toEqual([
    expect.stringMatching(/^src\/some\.ts:2: .*: belongs to a messaging module/),
  ]);
});

test.each([
  "import { unreadable } from '@rollcall/file-follower';",
  "const producers = option('CONNECTIONEVENTS_PRODUCER', commaSeparated, 'logging', 'where');",
  '/** MQTT client id, AMQP container id, else the auth-id. */',
  "import type { MessagingModule } from '../messaging/messaging-module.ts';",
])('the kit may have: %s', (line) => {
  expect(problemsOf(line)).toEqual([]);
});
