import { connectionKeys, type KeyScheduleInput } from './key-schedule.ts';
import { SecureRecords } from './secure-records.ts';

export interface AgreedRecordsInput extends KeyScheduleInput {
  readonly side: 'client' | 'server';
  readonly readConnectionId: Buffer;
  readonly writeConnectionId: Buffer;
}

/** One side's records, with the keys that both sides derived. */
export function agreedRecords(input: AgreedRecordsInput): SecureRecords {
  const { side, readConnectionId, writeConnectionId } = input;
  const { client, server } = connectionKeys(input);
  const [read, write] = side === 'server' ? [client, server] : [server, client];
  return new SecureRecords({ read, write, readConnectionId, writeConnectionId });
}
