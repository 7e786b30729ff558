// kong.conf: its grammar, what wins over what, and what is said of names that change nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfFile, parseConf } from '../../src/config/conf-file.ts';
import { ignoredNames, loadConfig } from '../../src/config/load.ts';

const conf = (text: string): ConfFile => ({ path: 'kong.conf', entries: parseConf('kong.conf', text) });

test('a file holds a property a line, comments and blank lines', () => {
  const { entries } = conf(
    '# all of it\n\nproxy_listen = 127.0.0.1:9000, [::1]:9000 # two\r\n  LOG_LEVEL=debug\npg_password = a\\#b = c\nadmin_token = "x y"\n',
  );
  assert.deepEqual(
    [...entries].map(([name, { value, line }]) => [name, value, line]),
    [
      ['proxy_listen', '127.0.0.1:9000, [::1]:9000', 3],
      ['log_level', 'debug', 4],
      ['pg_password', 'a#b = c', 5],
      ['admin_token', 'x y', 6],
    ],
  );
});

test('a name that is written twice counts as it was written last', () => {
  assert.equal(loadConfig({}, {}, conf('log_level = debug\nlog_level = warn\n')).log_level, 'warn');
});

test('a line that is no property is refused with its number', () => {
  assert.throws(() => conf('log_level = debug\nnonsense\n'), /kong\.conf:2: 'nonsense' is no property/);
});

test('a flag wins over a variable, a variable over the file, the file over the default', () => {
  const file = conf(
    'log_level = debug\nproxy_access_log = off\nreal_ip_header = X-File\ntrusted_ips = 10.0.0.0/8, ::1, unix:\n',
  );
  const environment = { KONG_LOG_LEVEL: 'warn', KONG_REAL_IP_HEADER: 'X-Variable' };
  const config = loadConfig({ log_level: 'error' }, environment, file);
  assert.equal(config.log_level, 'error');
  assert.equal(config.real_ip_header, 'X-Variable');
  assert.equal(config.proxy_access_log, 'off');
  assert.deepEqual(config.trusted_ips, ['10.0.0.0/8', '::1', 'unix:']);
  assert.equal(config.status_listen, '127.0.0.1:8007');
});

test('a value that does not fit names its line', () => {
  assert.throws(() => loadConfig({}, {}, conf('\nlog_level = loud\n')), /kong\.conf:2: log_level: /);
});

test('unknown names are named one by one, names that only Kong knows once', () => {
  const file = conf('log_levle = debug\nmem_cache_size = 128m\nnginx_http_gzip = UTF-8\nlog_level = debug\n');
  assert.deepEqual(ignoredNames({ KONG_ROLE: 'traditional', KONG_NONSENSE: '1', KONG_CONF: 'kong.conf' }, file), [
    'kong.conf:1: log_levle names no property of this gateway and is ignored',
    'KONG_NONSENSE names no property of this gateway and is ignored',
    'without meaning here, and ignored: kong.conf:2: mem_cache_size, kong.conf:3: nginx_http_gzip, KONG_ROLE',
  ]);
});
