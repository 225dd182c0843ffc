import { expect, test } from 'vitest';
import { text, oneOf } from './option-formats.ts';
import { chooseModule, filesOfSecrets, optionsOfModules, type OptionModule } from './option-module.ts';
import { option, optional } from './option.ts';
import { readOptions } from './read-options.ts';

const loft: OptionModule = {
  name: 'loft',
  options: {
    url: optional('LOFT_URL', text, 'where it is', { secret: true }),
    height: option('LOFT_HEIGHT', oneOf('low', 'high'), 'low', 'how high'),
  },
  chosenBy: 'LOFT_URL',
  problems: ({ height }) => (height === 'high' ? [{ options: ['LOFT_HEIGHT'], text: 'is too high' }] : []),
};
const tower: OptionModule = {
  name: 'tower',
  // The same key as that of the loft.
  options: { url: optional('TOWER_URL', text, 'where it is') },
  chosenBy: 'TOWER_URL',
  problems: () => [],
};

function choose(env: Readonly<Record<string, string>>, isNeeded?: boolean) {
  const read = readOptions(optionsOfModules([loft, tower]), env);
  const { chosen, problems } = chooseModule([loft, tower], read, isNeeded);
  return { name: chosen?.module.name, values: chosen?.values, problems: problems.map((each) => each.text) };
}

test('the module whose deciding option is set is used, with its own values', () => {
  expect(choose({ ROLLCALL_TOWER_URL: 'keep' })).toEqual({
    name: 'tower',
    values: { url: 'keep' },
    problems: [],
  });
  expect(choose({ ROLLCALL_LOFT_URL: 'home' })).toMatchObject({ values: { url: 'home', height: 'low' } });
});

test.each([
  ['none is set', {}, false, []],
  ['none is set where one is needed', {}, true, ['ROLLCALL_LOFT_URL or ROLLCALL_TOWER_URL: must be set']],
  [
    'another option of one is set',
    { ROLLCALL_LOFT_HEIGHT: 'low' },
    false,
    ['ROLLCALL_LOFT_URL: must be set'],
  ],
  [
    'two are set',
    { ROLLCALL_LOFT_URL: 'a', ROLLCALL_TOWER_URL: 'b' },
    false,
    ['ROLLCALL_LOFT_URL and ROLLCALL_TOWER_URL: set one of them'],
  ],
  [
    'the module finds a problem',
    { ROLLCALL_LOFT_URL: 'a', ROLLCALL_LOFT_HEIGHT: 'high' },
    false,
    ['ROLLCALL_LOFT_HEIGHT: is too high'],
  ],
])('problems where %s', (_when, env: Readonly<Record<string, string>>, isNeeded, expected) => {
  expect(choose(env, isNeeded).problems).toEqual(expected);
});

test('it is known which secrets came from a file', () => {
  const { effective } = readOptions(optionsOfModules([loft]), { ROLLCALL_LOFT_URL: 'home' });
  const fileOf = filesOfSecrets(effective.map((each) => ({ ...each, file: '/run/secrets/loft' })));
  expect([fileOf('LOFT_URL'), filesOfSecrets(effective)('LOFT_URL'), fileOf('OTHER')]).toEqual([
    '/run/secrets/loft',
    undefined,
    undefined,
  ]);
});
