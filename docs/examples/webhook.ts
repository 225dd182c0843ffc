import { ConfigError } from '@rollcall/core';
import type { SinkFactory } from '@rollcall/core/sink';
import { createWebhookSink } from './webhook-sink.ts';

/** Named by `ROLLCALL_CONNECTIONEVENTS_PRODUCER`, this module makes the sink, by its own environment variables. */
const createSink: SinkFactory = ({ clock }) => {
  const { WEBHOOK_URL: url = '', WEBHOOK_SECRET: secret = '' } = process.env;
  const problems = [
    ...(URL.canParse(url) ? [] : ['WEBHOOK_URL: must be a URL']),
    ...(secret === '' ? ['WEBHOOK_SECRET: must be set'] : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return createWebhookSink({ url, secret, clock, timeoutMs: 5_000 });
};

export default createSink;
