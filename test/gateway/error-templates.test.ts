// Error bodies as `error_default_type` and `error_template_*` have them.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { errorPages } from '../../src/cli/serve/error-templates.ts';
import { loadConfig } from '../../src/config/load.ts';
import { deadPort, start } from './rig.ts';

const folder = await mkdtemp(join(tmpdir(), 'gwctl-templates-'));
after(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function serving(environment: Record<string, string>) {
  return start(
    { services: [{ name: 's', url: `http://127.0.0.1:${await deadPort()}`, routes: [{ paths: ['/dead'] }] }] },
    { errorPages: errorPages(loadConfig({}, environment)) },
  );
}

test('a template takes the place of the body of its format, the message escaped for it', async () => {
  const running = await serving({
    KONG_ERROR_TEMPLATE_JSON: await file('a.json', '{"error":"%s","id":"%s"}'),
    KONG_ERROR_TEMPLATE_HTML: await file('a.html', '<b>%s</b><i>%s</i>'),
    KONG_ERROR_TEMPLATE_PLAIN: await file('a.txt', '%s / %s'),
  });
  const ask = async (path: string, accept?: string) => {
    const { text, headers } = await running.send(path, accept === undefined ? {} : { headers: { accept } });
    return [String(headers['content-type']), text.replace(String(headers['x-kong-request-id']), 'ID')];
  };
  const json = 'application/json; charset=utf-8';
  assert.deepEqual(await ask('/none'), [json, '{"error":"no Route matched with those values","id":"ID"}']);
  assert.deepEqual(await ask('/none', 'text/html'), [
    'text/html; charset=utf-8',
    '<b>no Route matched with those values</b><i>ID</i>',
  ]);
  assert.deepEqual(await ask('/dead'), [
    'text/plain; charset=utf-8',
    'An invalid response was received from the upstream server / ID',
  ]);
  assert.match((await ask('/none', 'application/xml'))[1]!, /<requestid>ID<\/requestid>/);
  await running.close();
});

test('error_default_type is for faults of requests that ask for nothing', async () => {
  const running = await serving({ KONG_ERROR_DEFAULT_TYPE: 'application/xml' });
  assert.equal((await running.send('/dead')).headers['content-type'], 'application/xml; charset=utf-8');
  assert.equal((await running.send('/none')).headers['content-type'], 'application/json; charset=utf-8');
  const asked = await running.send('/dead', { headers: { accept: 'text/html' } });
  assert.equal(asked.headers['content-type'], 'text/html; charset=utf-8');
  await running.close();
});

test('a template that cannot be used stops the start', async () => {
  const pages = (path: string) => errorPages(loadConfig({}, { KONG_ERROR_TEMPLATE_XML: path }));
  assert.throws(() => pages(join(folder, 'none.xml')), /error_template_xml: cannot read .*none\.xml/);
  const single = await file('single.xml', '<a>%s</a>');
  assert.throws(() => pages(single), /error_template_xml: .*single\.xml must have two places/);
  assert.throws(() => loadConfig({}, { KONG_ERROR_DEFAULT_TYPE: 'image/png' }), /KONG_ERROR_DEFAULT_TYPE/);
});
