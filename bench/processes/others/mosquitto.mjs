import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { deviceId, password, tenant } from '../stack.mjs';
import { freePort } from '../start.mjs';
import { startForeign } from '../foreign-process.mjs';

/** Mosquitto with a password for each device, hashed as it hashes them. @param {number} devices */
export async function startMosquitto(devices) {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
  const passwords = join(directory, 'passwords');
  const names = Array.from({ length: devices }, (_, index) => `${deviceId(index)}@${tenant}`);
  writeFileSync(passwords, names.map((name) => `${name}:${password}\n`).join(''), { mode: 0o600 });
  execFileSync('mosquitto_passwd', ['-U', passwords], { stdio: 'ignore' });
  const port = await freePort();
  const settings = join(directory, 'mosquitto.conf');
  writeFileSync(
    settings,
    [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous false',
      `password_file ${passwords}`,
      'persistence false',
      'set_tcp_nodelay true',
      // What its consumer did not fetch yet is not dropped.
      'max_queued_messages 0',
      'max_inflight_messages 1000',
      'log_type error',
      // Otherwise one that is started by root becomes another user, who cannot read its files.
      `user ${userInfo().username}`,
    ].join('\n'),
  );
  const { pid, stop } = await startForeign('/usr/sbin/mosquitto', ['-c', settings], [port]);
  return {
    port,
    pid,
    async stop() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
