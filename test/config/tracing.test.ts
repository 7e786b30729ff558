// `tracing_instrumentations` and `tracing_sampling_rate`: which words are known, and what they switch on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConf } from '../../src/config/conf-file.ts';
import { ignoredNames, loadConfig } from '../../src/config/load.ts';
import { tracingSettings } from '../../src/config/tracing.ts';
import { INSTRUMENTATIONS } from '../../src/schema/typedefs.ts';

const settingsOf = (words: string | undefined, rate?: string) => {
  const config = loadConfig({}, { KONG_TRACING_INSTRUMENTATIONS: words, KONG_TRACING_SAMPLING_RATE: rate });
  return tracingSettings(config.tracing_instrumentations, config.tracing_sampling_rate);
};
const switchedOn = (words: string | undefined): readonly string[] => {
  const settings = settingsOf(words);
  return INSTRUMENTATIONS.filter((word) => settings.has(word));
};

test('nothing is switched on, and one request in a hundred counts, where nobody says otherwise', () => {
  assert.deepEqual(switchedOn(undefined), []);
  assert.equal(settingsOf(undefined).isOn, false);
  assert.equal(settingsOf(undefined).samplingRate, 0.01);
  assert.equal(settingsOf('off').isOn, false);
  assert.equal(settingsOf('').isOn, false);
});

test('kinds are switched on by name, and all of them by all', () => {
  assert.deepEqual(switchedOn('request, balancer'), ['request', 'balancer']);
  assert.deepEqual(switchedOn('all'), INSTRUMENTATIONS);
  assert.deepEqual(switchedOn('router,all'), INSTRUMENTATIONS);
  assert.ok(settingsOf('router').isOn);
});

test('the rate is a share', () => {
  assert.equal(settingsOf('all', '1.0').samplingRate, 1);
  assert.equal(settingsOf('all', '0').samplingRate, 0);
  assert.throws(() => settingsOf('all', '1.5'), /KONG_TRACING_SAMPLING_RATE: value should be between 0 and 1/);
  assert.throws(() => settingsOf('all', 'half'), /KONG_TRACING_SAMPLING_RATE: /);
});

test('an unknown word is refused, and off beside others', () => {
  assert.throws(() => settingsOf('request,balanser'), /KONG_TRACING_INSTRUMENTATIONS: .*expected one of: request, /);
  assert.throws(() => settingsOf('off,request'), /KONG_TRACING_INSTRUMENTATIONS: 'off' stands alone/);
});

test('both are properties of kong.conf, and not among the names that mean nothing here', () => {
  const text = 'tracing_instrumentations = all\ntracing_sampling_rate = 1.0\n';
  const file = { path: 'kong.conf', entries: parseConf('kong.conf', text) };
  assert.deepEqual(ignoredNames({}, file), []);
  assert.deepEqual(loadConfig({}, {}, file).tracing_instrumentations, ['all']);
});
