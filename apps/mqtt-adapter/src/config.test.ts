import { describeEnvironment } from '@rollcall/adapter-conformance';
import { amqp } from '@rollcall/amqp-sender';
import { amqpRegistry } from '@rollcall/device-registry-amqp';
import { redis } from '@rollcall/directory-redis';
import { ConfigError } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { loadMqttConfig, mqttAdapterOptions, mqttOptions } from './config.ts';

const required = {
  ROLLCALL_REGISTRY_FILE: 'registry.yaml',
  ROLLCALL_MESSAGING_HOST: '127.0.0.1',
  ROLLCALL_MQTT_INSECUREPORTENABLED: 'true',
};

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    mqttAdapterOptions(loadMqttConfig(env, [amqp]).own);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('the configuration of the MQTT adapter', () => {
  test('is read from the variables of Hono', () => {
    const { own, kit, messaging } = loadMqttConfig(
      {
        ROLLCALL_REGISTRY_FILE: 'registry.yaml',
        ROLLCALL_JOURNAL_KIND: 'memory',
        HONO_MQTT_INSECUREPORTENABLED: 'true',
        HONO_MQTT_INSECUREPORT: '11883',
        HONO_MQTT_INSECUREPORTBINDADDRESS: '0.0.0.0',
        HONO_MQTT_MAXPAYLOADSIZE: '4096',
        HONO_MESSAGING_HOST: 'dispatch-router',
        HONO_CONNECTIONEVENTS_PRODUCER: 'events',
        HONO_SOMETHING_ELSE: 'whatever',
      },
      [amqp],
    );
    expect(mqttAdapterOptions(own)).toMatchObject({
      plain: { host: '0.0.0.0', port: 11_883 },
      maxPayloadBytes: 4_096,
    });
    expect(kit.producers).toEqual(['events']);
    expect(messaging?.values).toMatchObject({ host: 'dispatch-router' });
  });

  test('without a port to listen on is refused', () => {
    const { ROLLCALL_MQTT_INSECUREPORTENABLED: _enabled, ...nowhere } = required;
    expect(problemsOf(nowhere)).toEqual([expect.stringContaining('no port to listen on')]);
  });

  test('with a key but no certificate, or with a key file that does not exist, is refused', () => {
    expect(problemsOf({ ...required, ROLLCALL_MQTT_KEYPATH: 'key.pem' })).toEqual([
      'ROLLCALL_MQTT_KEYPATH and ROLLCALL_MQTT_CERTPATH: set both or neither',
    ]);
    expect(
      problemsOf({
        ...required,
        ROLLCALL_MQTT_KEYPATH: '/no/key.pem',
        ROLLCALL_MQTT_CERTPATH: '/no/cert.pem',
      }),
    ).toEqual(['ROLLCALL_MQTT_KEYPATH: /no/key.pem: cannot be read (ENOENT)']);
  });
});

describeEnvironment(new URL('../README.md', import.meta.url), mqttOptions, [amqp, redis, amqpRegistry]);
