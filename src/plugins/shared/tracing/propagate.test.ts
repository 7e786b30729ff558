import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessExchange, RequestView } from '../../../pdk/index.ts';
import { isInShare, sized } from './context.ts';
import { createPropagation } from './propagate.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SHORT = 'a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const PARENT = '05e3ac9a4f6e3b90';
const NEW_SPAN = '1111111111111111';

type Headers = Record<string, string>;

/** What goes upstream after these headers came in, with our own span inside. */
function pass(headers: Headers, propagation: object, more: object = {}) {
  const lines = new Map(Object.entries(headers));
  const warnings: string[] = [];
  const logged: Record<string, unknown> = {};
  const log = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
  const { extract, inject } = createPropagation(
    { propagation: { extract: null, clear: null, inject: null, default_format: 'w3c', ...propagation }, ...more },
    log,
  );
  const request = {
    header: (name: string) => lines.get(name.toLowerCase()),
    headerValues: (name: string) => (lines.has(name) ? [lines.get(name)!] : []),
    headers: () => Object.fromEntries(lines),
  } as unknown as RequestView;
  const incoming = extract(request);
  const exchange = {
    upstream: {
      setHeader: (name: string, value: string) => lines.set(name.toLowerCase(), value),
      removeHeader: (name: string) => lines.delete(name.toLowerCase()),
    },
    setLogValue: (key: string, value: unknown) => {
      logged[key] = value;
    },
  } as unknown as AccessExchange;
  const traceId = incoming?.traceId ?? TRACE;
  inject(exchange, { traceId, spanId: NEW_SPAN, parentId: PARENT, isSampled: incoming?.isSampled ?? false }, incoming);
  return { incoming, upstream: Object.fromEntries(lines), warnings, logged };
}

test('w3c', () => {
  const { incoming, upstream, logged } = pass({ traceparent: `00-${TRACE}-${SPAN}-01` }, {});
  assert.equal(incoming?.traceId, TRACE);
  assert.equal(incoming?.spanId, SPAN);
  assert.equal(incoming?.isSampled, true);
  assert.equal(upstream['traceparent'], `00-${TRACE}-${NEW_SPAN}-01`);
  assert.deepEqual(logged, { 'trace_id.w3c': TRACE });
});

for (const wrong of [
  `01-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.slice(1)}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  '',
]) {
  test(`a traceparent of "${wrong}" is ignored and told`, () => {
    const { incoming, warnings } = pass({ traceparent: wrong }, { extract: ['w3c'], inject: ['w3c'] });
    assert.equal(incoming, undefined);
    assert.equal(warnings.length, 1);
  });
}

test('b3 in several headers: the span is shared, the parent kept', () => {
  const headers = { 'x-b3-traceid': SHORT, 'x-b3-spanid': SPAN, 'x-b3-parentspanid': PARENT, 'x-b3-sampled': '0' };
  const { incoming, upstream } = pass(headers, {});
  assert.equal(incoming?.sharesSpan, true);
  assert.equal(incoming?.parentId, PARENT);
  assert.deepEqual(upstream, {
    'x-b3-traceid': SHORT,
    'x-b3-spanid': NEW_SPAN,
    'x-b3-parentspanid': PARENT,
    'x-b3-sampled': '0',
  });
});

test('b3 flags ask for the trace in any case', () => {
  const { incoming, upstream } = pass({ 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-flags': '1' }, {});
  assert.equal(incoming?.isSampled, true);
  assert.equal(upstream['x-b3-flags'], '1');
  assert.equal(upstream['x-b3-sampled'], undefined);
});

test('invalid ids of b3 are dropped, the decision stays', () => {
  const { incoming } = pass({ 'x-b3-traceid': 'nope', 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' }, {});
  assert.equal(incoming?.traceId, undefined);
  assert.equal(incoming?.isSampled, true);
});

for (const [text, sampled, parent] of [
  [`${TRACE}-${SPAN}-1-${PARENT}`, true, PARENT],
  [`${TRACE}-${SPAN}-0`, false, undefined],
  [`${TRACE}-${SPAN}-d`, true, undefined],
  [`${TRACE}-${SPAN}`, undefined, undefined],
  ['1', true, undefined],
  ['0', false, undefined],
  ['d', true, undefined],
] as const) {
  test(`the single b3 header ${text.replaceAll(/[0-9a-f]{16,}/g, 'id')} is read and answered in kind`, () => {
    const { incoming, upstream } = pass({ b3: text }, {});
    assert.equal(incoming?.format, 'b3-single');
    assert.equal(incoming?.isSampled, sampled);
    assert.equal(incoming?.parentId, parent);
    const decision =
      text.includes('d') && !text.includes('-1') && /(^|-)d$/.test(text) ? 'd' : sampled === true ? '1' : '0';
    assert.equal(upstream['b3'], `${TRACE}-${NEW_SPAN}-${decision}-${PARENT}`);
  });
}

test('the single b3 header may be a member of tracestate', () => {
  const { incoming } = pass({ tracestate: `x=1, b3=${TRACE}-${SPAN}-1` }, { extract: ['b3'] });
  assert.equal(incoming?.spanId, SPAN);
});

test('jaeger, with values that travel along', () => {
  const headers = { 'uber-trace-id': `${TRACE}:${SPAN}:0:1`, 'uberctx-user': 'a%20b' };
  const { incoming, upstream } = pass(headers, {});
  assert.equal(incoming?.isSampled, true);
  assert.deepEqual(incoming?.baggage, [['user', 'a b']]);
  assert.equal(upstream['uber-trace-id'], `${TRACE}:${NEW_SPAN}:${PARENT}:01`);
  assert.equal(upstream['uberctx-user'], 'a%20b');
});

test('ot', () => {
  const headers = { 'ot-tracer-traceid': SHORT, 'ot-tracer-spanid': SPAN, 'ot-tracer-sampled': 'true' };
  const { incoming, upstream } = pass(headers, {});
  assert.equal(incoming?.spanId, SPAN);
  assert.equal(upstream['ot-tracer-traceid'], SHORT);
  assert.equal(upstream['ot-tracer-sampled'], '1');
  assert.equal(pass({}, { inject: ['ot'] }).upstream['ot-tracer-traceid'], SHORT);
});

test('datadog counts in decimal', () => {
  const headers = { 'x-datadog-trace-id': '1234', 'x-datadog-parent-id': '255', 'x-datadog-sampling-priority': '2' };
  const { incoming, upstream } = pass(headers, {});
  assert.equal(incoming?.traceId, '00000000000004d2');
  assert.equal(incoming?.spanId, '00000000000000ff');
  assert.equal(incoming?.isSampled, true);
  assert.equal(upstream['x-datadog-trace-id'], '1234');
  assert.equal(upstream['x-datadog-parent-id'], String(BigInt(`0x${NEW_SPAN}`)));
  assert.equal(upstream['x-datadog-sampling-priority'], '1');
  assert.equal(pass({ ...headers, 'x-datadog-sampling-priority': '7' }, {}).incoming, undefined);
  assert.equal(pass({ ...headers, 'x-datadog-trace-id': '18446744073709551616' }, {}).incoming, undefined);
});

test('aws', () => {
  const root = `1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}`;
  const { incoming, upstream } = pass({ 'x-amzn-trace-id': `Root=${root};Parent=${SPAN};Sampled=0` }, {});
  assert.equal(incoming?.traceId, TRACE);
  assert.equal(incoming?.isSampled, false);
  assert.equal(upstream['x-amzn-trace-id'], `Root=${root};Parent=${NEW_SPAN};Sampled=0`);
});

test('gcp', () => {
  const { incoming, upstream } = pass({ 'x-cloud-trace-context': `${TRACE}/123;o=1` }, {});
  assert.equal(incoming?.spanId, '000000000000007b');
  assert.equal(upstream['x-cloud-trace-context'], `${TRACE}/${BigInt(`0x${NEW_SPAN}`)};o=1`);
});

test('instana', () => {
  const { incoming, upstream } = pass({ 'x-instana-t': TRACE, 'x-instana-s': SPAN, 'x-instana-l': '1' }, {});
  assert.equal(incoming?.spanId, SPAN);
  assert.equal(upstream['x-instana-t'], TRACE);
  assert.equal(upstream['x-instana-l'], '1');
});

test('the first format of `extract` that is there counts, and all of `inject` are written', () => {
  const headers = { traceparent: `00-${TRACE}-${SPAN}-01`, b3: `${SHORT}-${PARENT}-0` };
  const { incoming, upstream } = pass(headers, {
    extract: ['b3', 'w3c'],
    inject: ['datadog', 'preserve'],
    clear: ['traceparent'],
  });
  assert.equal(incoming?.traceId, SHORT);
  assert.equal(upstream['traceparent'], undefined);
  assert.equal(upstream['x-datadog-trace-id'], String(BigInt(`0x${SHORT}`)));
  assert.match(upstream['b3']!, new RegExp(`^${SHORT}-${NEW_SPAN}-0`));
});

test('an empty `extract` reads nothing', () => {
  assert.equal(pass({ traceparent: `00-${TRACE}-${SPAN}-01` }, { extract: [] }).incoming, undefined);
});

test('preserve without anything to preserve writes the default format', () => {
  assert.ok('uber-trace-id' in pass({}, { default_format: 'jaeger' }).upstream);
  assert.ok('traceparent' in pass({}, { default_format: 'b3' }, { default_header_type: 'w3c' }).upstream);
});

test('the former header_type adds a format to the one that came', () => {
  const { upstream } = pass({ b3: `${TRACE}-${SPAN}-1` }, {}, { header_type: 'w3c' });
  assert.ok('b3' in upstream && 'traceparent' in upstream);
});

test('ids change their size on the right', () => {
  assert.equal(sized(TRACE, 16), SHORT);
  assert.equal(sized(SHORT, 32), `${'0'.repeat(16)}${SHORT}`);
});

test('the last 64 bits of a trace id decide whether it is in a share', () => {
  assert.equal(isInShare(`${'f'.repeat(16)}${'0'.repeat(15)}1`, 0.01), true);
  assert.equal(isInShare(`${'0'.repeat(16)}7fffffffffffffff`, 0.5), true);
  assert.equal(isInShare(`${'0'.repeat(16)}8000000000000000`, 0.5), false);
  assert.equal(isInShare('f'.repeat(32), 1), true);
  assert.equal(isInShare(`${'0'.repeat(31)}1`, 0), false);
});
