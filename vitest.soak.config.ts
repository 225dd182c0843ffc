import { configDefaults, defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

// Long fuzz and repeats: the same tests as in `npm test`, with more cases; and floods over real sockets. Not part of CI.
process.env['ROLLCALL_FUZZ_CASES'] ??= '20000';

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: [
      '{packages,apps}/*/src/**/*fuzz.test.ts',
      '{packages,apps}/*/src/**/*.soak.test.ts',
      'packages/amqp-frame-guard/src/guarded-socket.test.ts',
      'packages/device-registry/src/parse-registry.test.ts',
      'packages/adapter-process/src/composition/fleet{,-lease}-truth.test.ts',
      'packages/dtls/src/server/lossy-network.test.ts',
      'packages/outbox/src/delivery/coalesced.test.ts',
      'apps/coap-adapter/src/hostile-origins.test.ts',
      'apps/presence/src/store/sqlite/{schema,sqlite-store}.test.ts',
    ],
    exclude: configDefaults.exclude,
    testTimeout: 1_200_000,
  },
});
