import { describe, expect, test } from 'vitest';
import {
  afterFailedUpload,
  mayBeSentAgain,
  type FailedUpload,
  type UploadVoice,
} from './after-failed-upload.ts';

type Status = FailedUpload['failure']['status'];

const failed = (status: Status, terminal = false): FailedUpload => ({
  failure: { status, text: 'words' },
  terminal,
});

const answer = { type: 'answer' };
const goOn = { type: 'go-on' };
const refused = { type: 'close', reason: 'upload-refused' };
const limited = { type: 'close', reason: 'limit-exceeded' };

const expected: Readonly<Record<Status, Readonly<Record<UploadVoice, object>>>> = {
  400: { failure: answer, success: refused, nothing: refused },
  403: { failure: answer, success: refused, nothing: refused },
  404: { failure: answer, success: refused, nothing: refused },
  413: { failure: answer, success: refused, nothing: refused },
  429: { failure: answer, success: limited, nothing: limited },
  500: { failure: answer, success: refused, nothing: goOn },
  503: { failure: answer, success: refused, nothing: goOn },
};
const statuses = Object.keys(expected).map((status) => Number(status) as Status);
const voices = ['failure', 'success', 'nothing'] as const;

describe.each(statuses)('an upload that failed with %i', (status) => {
  test.each(voices)('where the device can be told of: %s', (voice) => {
    expect(afterFailedUpload(failed(status), voice)).toEqual(expected[status][voice]);
  });

  test.each(voices)('ends the connection of a device whose own access ended, told of: %s', (voice) => {
    expect(afterFailedUpload(failed(status, true), voice)).toEqual({
      type: 'close',
      reason: 'access-revoked',
    });
  });
});

test('the same message may be sent again where the network is to blame, and not the message', () => {
  expect(statuses.filter((status) => mayBeSentAgain(failed(status).failure))).toEqual([500, 503]);
});
