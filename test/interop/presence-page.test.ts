import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectedEvent, DisconnectedEvent } from '@rollcall/core/events';
import axe, { type AxeResults } from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { setPresenceStage, type PresenceStage } from '../faults/support/presence-stage.ts';
import { indexedPng } from './indexed-png.ts';
import {
  linkOfDashboard,
  makesPictures,
  pictureOfDevices,
  pictures,
  sayItFollowsForLong,
} from './presence-page/pictures.ts';
import { connected, devicesFrom, disconnected } from './presence-page/told-devices.ts';

// The page of the presence service in a browser that we did not write. Left out where there is no Chromium (Debian package
// `chromium`), as are other clients that are not installed. ROLLCALL_PICTURES=1 makes the pictures of the documents again.

const executablePath = '/usr/bin/chromium';
const patience = { timeout: 240_000 };
const minute = 60_000;

describe.skipIf(!existsSync(executablePath))('the page in Chromium', () => {
  let stage: PresenceStage;
  let browser: Browser;
  beforeAll(async () => {
    stage = setPresenceStage();
    await stage.start();
    browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    await stage.strike();
  });

  async function deliverAll(...events: readonly (ConnectedEvent | DisconnectedEvent)[]): Promise<void> {
    await Promise.all(events.map((event) => stage.deliver(event)));
  }

  /** A page whose scripts made no mistake by the end of the test, and which asked no other host. */
  async function open(
    hash: string,
    {
      width = 1_120,
      height = 700,
      dark = false,
      base = stage.urls[0],
      isPictured = false,
      timezoneId = 'UTC',
    } = {},
  ): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      timezoneId,
    });
    context.setDefaultTimeout(patience.timeout);
    const page = await context.newPage();
    if (isPictured && makesPictures) await sayItFollowsForLong(page);
    const mistakes: string[] = [];
    page.on('pageerror', (error) => mistakes.push(error.message));
    page.on('console', (message) => {
      // That the service is away is said by the browser, too.
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        mistakes.push(message.text());
    });
    page.on('request', (asked) => {
      if (!asked.url().startsWith(base) && !asked.url().startsWith('data:')) mistakes.push(asked.url());
    });
    onTestFinished(async () => {
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await context.close();
      expect(mistakes).toEqual([]);
    });
    await page.goto(`${base}/${hash}`);
    return page;
  }

  /** The service under a prefix of its path. @param answers some requests itself. */
  async function proxied(
    prefix: string,
    answers: (path: string, to: ServerResponse) => boolean = () => false,
  ): Promise<string> {
    const { port } = new URL(stage.urls[0]);
    const proxy = createServer((from, to) => {
      const path = (from.url ?? '').slice(prefix.length);
      if (answers(path, to)) return;
      const asked = request({ port, host: '127.0.0.1', path, headers: from.headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
      });
      to.on('close', () => asked.destroy());
      asked.on('error', () => to.destroy()).end();
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    onTestFinished(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${prefix}`;
  }

  async function picture(page: Page, name: string): Promise<void> {
    if (!makesPictures) return;
    mkdirSync(pictures, { recursive: true });
    const bytes = indexedPng(await page.screenshot());
    writeFileSync(join(pictures, `${name}.png`), bytes);
    expect(bytes.length, name).toBeLessThan(60_000);
  }

  const row = (page: Page, name: string) => page.locator('.row', { hasText: name });

  test('is empty at first, and says what to do; the first device appears by itself', async () => {
    const page = await open('');
    await expect.poll(() => page.locator('h1').textContent(), patience).toBe('No device yet');
    expect(await page.locator('pre').first().textContent()).toContain('mosquitto_sub');
    await stage.deliver(connected({ tenant: 'first', device: 'thermostat-7', agoMs: 1_000 }));
    await expect.poll(() => row(page, 'thermostat-7').count(), patience).toBe(1);
    // The address that the service has printed names no tenant.
    await row(page, 'thermostat-7').click();
    await expect.poll(() => page.locator('h1').textContent(), patience).toBe('thermostat-7');
    expect(new URL(page.url()).hash).toBe('#/first/thermostat-7');
    await page.goBack();
    await expect.poll(() => row(page, 'thermostat-7').count(), patience).toBe(1);
  });

  test('an address that changes while the page loads is followed', async () => {
    await stage.deliver(connected({ tenant: 'early', device: 'pump-1', agoMs: minute }));
    const page = await open('#/early');
    // The scripts of the page have run, and nothing is painted yet.
    await page.addInitScript(() => {
      addEventListener('DOMContentLoaded', () => (location.hash = '#/early/pump-1'));
    });
    await page.reload();
    await expect.poll(() => page.locator('h1').textContent(), patience).toBe('pump-1');
  });

  test('shows changes as they come, filters, and finds by name; the address says what is shown', async () => {
    const one = connected({ tenant: 'live', device: 'pump-1', agoMs: 10 * minute });
    await stage.deliver(one);
    await stage.deliver(
      connected({ tenant: 'live', device: 'valve-2', agoMs: minute, protocol: 'AMQP 1.0' }),
    );
    const page = await open('#/live');
    await expect.poll(() => row(page, 'pump-1').textContent(), patience).toContain('online');
    await stage.deliver(disconnected(one, 5 * minute));
    await expect.poll(() => row(page, 'pump-1').textContent(), patience).toContain('fell silent');
    expect(await row(page, 'pump-1').textContent()).toContain('up to 45 s before');
    await page.getByLabel('Reason').selectOption('keepalive-timeout');
    await expect.poll(() => page.locator('.row').count(), patience).toBe(1);
    const second = await open(new URL(page.url()).hash);
    await expect.poll(() => second.locator('.row').count(), patience).toBe(1);
    await page.getByLabel('Reason').selectOption('');
    await page.getByLabel('Protocol').selectOption('AMQP 1.0');
    await expect.poll(() => page.locator('.row').textContent(), patience).toContain('valve-2');
    await page.getByLabel('Protocol').selectOption('');
    await page.getByLabel('Search for devices').fill('PUMP');
    await expect.poll(() => page.locator('.row').allTextContents(), patience).toHaveLength(1);
  });

  test('says who left for a reason, also of devices that came back, and since when it can know', async () => {
    const one = connected({ tenant: 'back', device: 'pump-1', agoMs: 10 * minute });
    const other = connected({ tenant: 'back', device: 'pump-2', agoMs: 10 * minute });
    await deliverAll(one, other);
    await deliverAll(disconnected(one, 5 * minute), disconnected(other, 3 * minute, 'client-closed', 0));
    await stage.deliver(connected({ tenant: 'back', device: 'pump-1', agoMs: minute }));
    const page = await open('#/back');
    await expect.poll(() => row(page, 'pump-1').textContent(), patience).toContain('online');
    await page.getByRole('button', { name: 'fell silent' }).click();
    const left = page.getByRole('region', { name: 'Who left' });
    await expect.poll(() => left.locator('tbody tr').count(), patience).toBe(1);
    expect(await left.locator('tbody tr').textContent()).toMatch(/pump-1.*up to 45 s before.*online/);
    // Whoever gets the address sees the same; what leaves meanwhile comes in.
    await page.reload();
    await expect.poll(() => left.locator('tbody tr').count(), patience).toBe(1);
    const third = connected({ tenant: 'back', device: 'pump-3', agoMs: 2 * minute });
    await stage.deliver(third);
    await stage.deliver(disconnected(third, minute));
    await expect.poll(() => left.locator('tbody tr').count(), patience).toBe(2);
    await page.getByRole('button', { name: 'Show all who left' }).click();
    await expect.poll(() => left.locator('tbody tr').count(), patience).toBe(3);
    expect(await left.locator('tbody').textContent()).toMatch(/pump-3.*pump-1.*pump-2.*said goodbye/s);
    const since = 'The service follows the events since';
    await expect.poll(() => page.getByText(since).count(), patience).toBe(1);
    await left.getByRole('link', { name: 'pump-1' }).click();
    await expect.poll(() => page.locator('h1').textContent(), patience).toBe('pump-1');
    await expect.poll(() => page.getByText(since).count(), patience).toBe(1);
    await page.goBack();
    await left.getByRole('button', { name: 'All devices' }).click();
    await expect.poll(() => row(page, 'pump-1').count(), patience).toBe(1);
    // A click on a reason of the Grafana dashboard leads here.
    const link = linkOfDashboard({ page: `${stage.urls[0]}/`, tenant: 'back', reason: 'client-closed' });
    await page.goto(link);
    await expect.poll(() => left.locator('tbody tr').allTextContents(), patience).toHaveLength(1);
    expect(await left.locator('tbody').textContent()).toContain('pump-2');
    expect(await left.locator('h2').textContent()).toBe('Who left: said goodbye, in the last 1 h');
  });

  test('shows who left page by page, however many they are', async () => {
    const all = Array.from({ length: 450 }, (_, number) =>
      connected({ tenant: 'storm', device: `pump-${number}`, agoMs: 10 * minute }),
    );
    await deliverAll(...all);
    await deliverAll(...all.map((one) => disconnected(one, 5 * minute, 'adapter-lost')));
    const page = await open('#/storm?ended=adapter-lost');
    const rows = page.getByRole('region', { name: 'Who left' }).locator('tbody tr');
    // The second click comes before the answer.
    await page.getByRole('button', { name: 'Show more' }).dblclick();
    await expect
      .poll(async () => {
        if ((await rows.count()) < 450) await page.getByRole('button', { name: 'Show more' }).click();
        return rows.count();
      }, patience)
      .toBe(450);
    expect(new Set(await rows.locator('.name').allTextContents()).size).toBe(450);
    await expect.poll(() => page.getByRole('button', { name: 'Show more' }).count(), patience).toBe(0);
  });

  test('times are of the clock of the reader, which is named, or in UTC', async () => {
    const at = Date.now() - 30 * minute;
    const one = connected({ tenant: 'zones', device: 'pump-1', agoMs: 30 * minute });
    await stage.deliver(one);
    const clock = (offsetMs: number): string => new Date(at + offsetMs).toISOString().slice(11, 16);
    const page = await open('#/zones', { timezoneId: 'Asia/Kolkata' });
    const kolkata = /Asia\/(?:Kolkata|Calcutta), UTC\+5:30/;
    await expect.poll(() => row(page, 'pump-1').textContent(), patience).toContain(clock(330 * minute));
    const title = await row(page, 'pump-1').locator('time').getAttribute('title');
    expect(title).toContain(`${clock(0)}:`);
    expect(title).toContain(' UTC');
    const choice = page.getByLabel('Times in').first();
    expect(await choice.locator('option').allTextContents()).toEqual([
      expect.stringMatching(kolkata) as string,
      'UTC',
    ]);
    expect(await page.locator('.zone').first().textContent()).toMatch(kolkata);
    await choice.selectOption('UTC');
    await expect.poll(() => row(page, 'pump-1').textContent(), patience).toContain(clock(0));
    // For the tab, as the token is.
    await page.reload();
    await page.goto(new URL('#/zones/pump-1', page.url()).href);
    await expect.poll(() => page.locator('.now time').textContent(), patience).toContain(clock(0));
    expect(await page.locator('.zone').allTextContents()).toEqual(['Times in UTC', 'Times in UTC']);
    const field = page.getByLabel('Time in UTC');
    await field.fill(new Date(at + minute).toISOString().slice(0, 19));
    await page.getByRole('button', { name: 'Ask' }).click();
    await expect.poll(() => page.locator('.answer').textContent(), patience).toMatch(/^Yes/);
    await page.getByLabel('Times in').first().selectOption({ index: 0 });
    await expect.poll(() => page.locator('.now time').textContent(), patience).toContain(clock(330 * minute));
    await expect
      .poll(() => page.getByLabel('Time in Asia').inputValue(), patience)
      .toContain(clock(331 * minute));
  });

  test.each([
    { dark: false, width: 1_120 },
    { dark: true, width: 1_120 },
    { dark: false, width: 380 },
    { dark: true, width: 380 },
  ])('has nothing that keeps somebody out: $width px, dark: $dark', async ({ dark, width }) => {
    const one = connected({ tenant: 'axe', device: `pump-${width}-${dark}`, agoMs: 10 * minute });
    const other = connected({ tenant: 'axe', device: 'pump-1', agoMs: 10 * minute });
    await deliverAll(one, other);
    await stage.deliver(disconnected(one, 5 * minute));
    const page = await open('#/axe', { dark, width });
    for (const [hash, ready] of [
      ['#/axe', '.row'],
      ['#/axe?ended=*', '.left-list tbody tr'],
      [`#/axe/pump-1?at=${new Date(Date.now() - 6 * minute).toISOString()}`, '.answer'],
      [`#/axe/pump-${width}-${dark}`, '.left'],
      ['#/nobody', '.empty'],
    ]) {
      await page.goto(new URL(hash ?? '', page.url()).href);
      await expect.poll(() => page.locator(ready ?? '').count(), patience).toBeGreaterThan(0);
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<Pick<AxeResults, 'violations'>>('axe.run(document)');
      expect([hash, violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])]).toEqual([
        hash,
        [],
      ]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
  });

  test('is used by keyboard alone: what is opened has the focus, and Back leads to where one was', async () => {
    const one = connected({ tenant: 'keys', device: 'pump-1', agoMs: 10 * minute });
    const other = connected({ tenant: 'keys', device: 'pump-2', agoMs: 10 * minute });
    await deliverAll(one, other, connected({ tenant: 'keys', device: 'pump-3', agoMs: minute }));
    await deliverAll(disconnected(one, 5 * minute), disconnected(other, 5 * minute));
    const page = await open('#/keys');
    await expect.poll(() => page.locator('.row').count(), patience).toBe(3);
    const focused = () => page.evaluate<string>('document.activeElement.innerText');
    const press = async (...keys: readonly string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press('Tab', 'Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    // Tiles, the search, filters, and then the list.
    const isAtList = () => page.evaluate<boolean>("document.activeElement.matches('.list')");
    for (let stop = 0; !(await isAtList()) && stop < 20; stop += 1) await press('Tab');
    await press('ArrowDown', 'ArrowDown', 'Enter');
    await expect.poll(focused, patience).toBe('pump-2');
    expect(await page.title()).toBe('pump-2 – Rollcall presence');
    // The table is asked for again, with another time, and keeps the focus.
    const asked = new Set<string>();
    page.on('request', (each) => each.url().includes('/history') && asked.add(each.url()));
    await page.getByRole('group', { name: 'Connections' }).focus();
    await expect.poll(() => asked.size, patience).toBeGreaterThan(2);
    expect(await focused()).toContain('fell silent');
    await page.goBack();
    await expect.poll(focused, patience).toMatch(/^pump-2\noffline/);
    expect(await page.title()).toBe('Rollcall presence');

    await page.getByRole('button', { name: 'fell silent' }).press('Enter');
    await page.getByRole('link', { name: 'pump-1' }).press('Enter');
    await expect.poll(focused, patience).toBe('pump-1');
    await page.goBack();
    await expect.poll(focused, patience).toBe('pump-1');
    expect(await page.title()).toBe('Rollcall presence');
    await page.getByRole('button', { name: 'All devices' }).press('Enter');

    await page.getByLabel('Search for devices').fill('pump-3');
    // Who listens hears how many there are, once, and not each time that the clock goes on.
    const heard = () => page.getByRole('status').allTextContents();
    await expect.poll(heard, patience).toEqual(['Live', '1 of 3 devices']);
    await expect.poll(heard, patience).toEqual(['Live', '']);
    await page.getByLabel('Search for devices').press('Escape');
    await expect.poll(() => page.locator('.row').count(), patience).toBe(3);
  });

  test('a connection that drops is said to be lost, and goes on without a gap', async () => {
    const one = connected({ tenant: 'dropped', device: 'pump-1', agoMs: minute });
    await stage.deliver(one);
    const page = await open('#/dropped');
    await expect.poll(() => page.locator('.stream').textContent(), patience).toContain('Live');
    await stage.services[0].end('SIGKILL');
    await expect.poll(() => page.locator('.stream').textContent(), patience).toContain('Connection lost at');
    expect(await row(page, 'pump-1').textContent()).toContain('online');
    const asked: (string | undefined)[] = [];
    page.on('request', (each) => {
      if (each.url().endsWith('/watch')) asked.push(each.headers()['last-event-id']);
    });
    await stage.services[0].start();
    await stage.deliver(disconnected(one, 30_000));
    await expect.poll(() => row(page, 'pump-1').textContent(), patience).toContain('offline');
    await expect
      .poll(() => page.locator('.stream').textContent(), patience)
      .toMatch(/Live|Nothing was missed/);
    expect(asked.at(-1)).toMatch(/./);
  });

  test('a service that takes requests and does not answer is named, also while one looks at a device', async () => {
    await stage.deliver(connected({ tenant: 'silent', device: 'pump-1', agoMs: minute }));
    let isSilent = false;
    const base = await proxied('', () => isSilent);
    const page = await open('#/silent/pump-1', { base });
    await expect.poll(() => page.locator('.now').textContent(), patience).toContain('online');
    isSilent = true;
    await expect
      .poll(() => page.locator('.stream.lost').textContent(), patience)
      .toContain('No answer: the service does not answer. Trying again. What you see is as it was.');
    isSilent = false;
    await expect.poll(() => page.locator('.stream.lost').count(), patience).toBe(0);
  });

  test('a name is text, whatever is in it', async () => {
    const hostile = [
      '<img src=x onerror=alert(1)>',
      '"><script>document.title="taken"</script>',
      '\u202Egnp.exe',
      'a\u200Bb',
      'javascript:alert(1)',
      '../../etc/passwd?x#y%2F',
      'שלום-1',
      `long-${'x'.repeat(180)}`,
    ];
    for (const device of hostile)
      await stage.deliver(connected({ tenant: 'hostile', device, agoMs: minute }));
    const page = await open('#/hostile', { width: 380 });
    await expect.poll(() => page.locator('.row').count(), patience).toBe(hostile.length);
    expect(await page.title()).toBe('Rollcall presence');
    expect(await page.locator('img, #page script').count()).toBe(0);
    const names = await page.locator('.row .name').allTextContents();
    expect(names).toContain('<img src=x onerror=alert(1)>');
    expect(names).toContain('\\u{202e}gnp.exe');
    expect(names).toContain('a\\u{200b}b');
    // Nothing makes the page wider than the screen.
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(380);
    await row(page, 'passwd').click();
    await expect.poll(() => page.locator('h1').textContent(), patience).toBe('../../etc/passwd?x#y%2F');
    await expect.poll(() => page.locator('.now').textContent(), patience).toContain('online');
  });

  test('a device has its past, and an honest answer about it', async () => {
    const gone = connected({ tenant: 'past', device: '4711', agoMs: 55 * minute });
    const back = connected({ tenant: 'past', device: '4711', agoMs: 25 * minute });
    await stage.deliver(gone);
    await stage.deliver(disconnected(gone, 20 * minute, 'keepalive-timeout', 6 * minute));
    await stage.deliver(back);
    await stage.deliver(disconnected(back, 15 * minute, 'client-closed', 0));
    await stage.deliver(connected({ tenant: 'past', device: '4711', agoMs: 6 * minute }));
    const page = await open('#/past/4711?span=3600', { width: 860, height: 500, isPictured: true });
    await expect.poll(() => page.locator('.timeline .bar').count(), patience).toBe(3);
    // Where the adapter was silent, and where silence is not noticed yet.
    expect(await page.locator('.timeline .unsure').count()).toBe(2);
    await expect.poll(() => page.locator('tbody tr').count(), patience).toBe(3);
    expect(await page.locator('tbody').textContent()).toContain('203.0.113.');
    const ask = async (agoMs: number): Promise<string | null> => {
      const at = new Date(Date.now() - agoMs).toISOString().slice(0, 19);
      await page.getByLabel('Time in UTC').fill(at);
      await page.getByRole('button', { name: 'Ask' }).click();
      await expect
        .poll(() => page.locator('.answer time').first().getAttribute('datetime'), patience)
        .toContain(at);
      return page.locator('.answer').textContent();
    };
    expect(await ask(20 * minute)).toMatch(/^Yes/);
    expect(await ask(38 * minute)).toMatch(/^Not certain.*It left in this time/);
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    await picture(page, 'device');
  });

  test('fifty thousand devices scroll: a few rows are drawn, by wheel and by key', async () => {
    // The stream alone is made up here: a service takes a minute to hear of so many.
    const base = await proxied('', (path, to) => {
      if (path !== '/v1/tenants/many/watch') return false;
      to.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let first = 0; first < 50_000; first += 200)
        to.write(`event: snapshot\ndata: ${JSON.stringify({ devices: devicesFrom(first, 200) })}\n\n`);
      to.write('event: snapshot-end\nid: 1-1\ndata: {}\n\n');
      return true;
    });
    const page = await open('#/many', { base });
    await expect.poll(() => page.locator('.found').textContent(), patience).toBe('50,000 devices');
    expect(await page.locator('.row').count()).toBeLessThan(60);
    await page.locator('.list').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('End');
    await expect.poll(() => row(page, 'device-49999').count(), patience).toBe(1);
    await expect
      .poll(() => page.evaluate('document.activeElement?.textContent'), patience)
      .toContain('device-49999');
    await page.keyboard.press('ArrowUp');
    await expect
      .poll(() => page.evaluate('document.activeElement?.textContent'), patience)
      .toContain('device-49998');
    await page.locator('.list').evaluate((list) => (list.scrollTop = list.scrollHeight / 2));
    await expect.poll(() => row(page, 'device-25').count(), patience).toBeGreaterThan(5);
    expect(await page.locator('.row').count()).toBeLessThan(60);
    await page.getByLabel('Search for devices').fill('31415');
    await expect.poll(() => page.locator('.row').allTextContents(), patience).toHaveLength(1);
    await page.keyboard.press('Tab');
    await row(page, 'device-31415').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('h1').textContent(), patience).toBe('device-31415');
  });

  test('is readable on small and dark screens, and under the prefix of a proxy', async () => {
    const reasons = ['client-closed', 'connection-lost', 'inactive', 'keepalive-timeout'] as const;
    for (let number = 0; number < 40; number += 1) {
      const device = `${['pump', 'valve', 'thermostat', 'meter'][number % 4]}-${String(number).padStart(2, '0')}`;
      const one = connected({
        ...{ tenant: 'plant', device, agoMs: (80 - number) * minute },
        protocol: ['MQTT 5.0', 'MQTT 3.1.1', 'HTTP/1.1', 'CoAP'][number % 4] ?? '',
      });
      await stage.deliver(one);
      const reason = reasons[(number * 7) % 4] ?? 'inactive';
      const uncertaintyMs = reason === 'client-closed' ? 0 : 45_000;
      if (number % 3 === 0)
        await stage.deliver(disconnected(one, (5 + number / 2) * minute, reason, uncertaintyMs));
    }
    for (let number = 0; number < 9; number += 1) {
      const one = connected({ tenant: 'plant', device: 'valve-33', agoMs: (50 - number * 5) * minute });
      await stage.deliver(one);
      await stage.deliver(disconnected(one, 2 * minute, 'connection-lost', 1_000));
    }
    const page = await open('#/plant?span=3600', { width: 920, height: 540, isPictured: true });
    await expect.poll(() => page.locator('.flapping').textContent(), patience).toContain('valve-33');
    await expect.poll(() => page.locator('.endings li').count(), patience).toBeGreaterThan(2);
    await expect.poll(() => page.locator('.chart canvas').count(), patience).toBe(1);
    await expect.poll(() => row(page, 'meter-03').count(), patience).toBe(1);
    await picture(page, 'page');
    if (makesPictures) await pictureOfDevices(stage.urls[0], 'plant');

    const dark = await open('#/plant', { width: 380, height: 760, dark: true });
    await expect.poll(() => row(dark, 'pump-00').count(), patience).toBe(1);
    const look = await dark.evaluate(
      '[document.documentElement.scrollWidth, getComputedStyle(document.body).backgroundColor]',
    );
    expect(look).toEqual([380, 'rgb(16, 20, 18)']);

    const base = await proxied('/some/where');
    const behind = await open('#/plant', { base });
    await expect.poll(() => row(behind, 'pump-00').count(), patience).toBe(1);
  });

  test('asks for a token, keeps it for the tab, and shows the tenants of the token', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-page-tokens-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'tokens.json');
    const sha256 = createHash('sha256').update('open-sesame').digest('hex');
    writeFileSync(file, JSON.stringify({ tokens: [{ sha256, tenants: ['mine'], scope: 'presence:read' }] }));
    const guarded = setPresenceStage({
      environment: { ROLLCALL_PRESENCE_OPEN: 'false', ROLLCALL_PRESENCE_TOKENFILE: file },
    });
    onTestFinished(() => guarded.strike());
    await guarded.start();
    await guarded.deliver(connected({ tenant: 'mine', device: 'pump-1', agoMs: minute }));
    await guarded.deliver(connected({ tenant: 'other', device: 'pump-2', agoMs: minute }));
    const page = await open('', { base: guarded.urls[0] });
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByRole('alert').textContent(), patience).toContain('did not accept');
    await page.getByLabel('Token').fill('open-sesame');
    await page.keyboard.press('Enter');
    await expect.poll(() => row(page, 'pump-1').count(), patience).toBe(1);
    expect(await page.getByLabel('Tenant').locator('option').allTextContents()).toEqual(['mine']);
    await page.reload();
    await expect.poll(() => row(page, 'pump-1').count(), patience).toBe(1);
    const kept = "[localStorage.length, document.cookie, location.href.includes('sesame')]";
    expect(await page.evaluate(kept)).toEqual([0, '', false]);
  }, 180_000);
});
