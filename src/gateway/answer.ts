// Answers that do not come from an upstream: of plugins, of the router and the balancer, and the pages that stand for an
// upstream that failed. All of them pass the header filters, so that CORS headers and the like are on errors too.
import { isObject } from '../lib/json.ts';
import type { Answer } from '../pdk/index.ts';
import type { RequestContext } from './context.ts';
import { grpcStatus, renderError, renderFault, standardText } from './error-page.ts';
import { setOwnHeaders, setProxiedHeaders } from './forward-headers.ts';
import { HeaderList } from './http1/headers.ts';
import { runBodyFilter, runHeaderFilter } from './plugins/run.ts';
import { isList } from './views/header-value.ts';

/** A client goes on waiting after lower ones (RFC 9110 section 15.2). */
const FIRST_FINAL = 200;

type Bytes = string | Uint8Array;

/** What a plugin returned from a handler. */
export function answerPlugin(context: RequestContext): void {
  const answer = context.answer!;
  if (answer.status < FIRST_FINAL) {
    const details = { request_id: context.id, status: answer.status };
    context.core.events.log('error', 'a plugin ended a request with a status that ends none', details);
    return answerError(context, 500, standardText(500));
  }
  context.source = 'exit';
  const isReplay = answer.kind === 'replay';
  if (isGrpc(context) && !isReplay) return answerGrpc(context, answer.status, textOf(answer));
  const headers = new HeaderList();
  const body = answer.kind === 'error' ? errorBody(context, answer, headers) : exitBody(answer, headers);
  for (const [name, value] of Object.entries(answer.headers)) {
    if (name.toLowerCase() === 'transfer-encoding' || name.toLowerCase() === 'content-length') continue;
    if (!isList(value)) headers.set(name, String(value));
    else {
      headers.remove(name);
      for (const item of value) headers.add(name, String(item));
    }
  }
  if (isReplay) {
    context.proxyLatency = context.elapsed();
    context.upstreamLatency = 0;
  }
  finishAnswer(context, answer.status, headers, body, isReplay ? 'replay' : 'own');
}

/** Of the router or the balancer: the client's Accept decides the format, JSON without one. */
export function answerError(
  context: RequestContext,
  status: number,
  message: string,
  extra: readonly (readonly [string, string])[] = [],
): void {
  if (isGrpc(context)) return answerGrpc(context, status, message);
  const page = renderError(context.core.config.errorPages, message, context.id, context.exchange.headers.get('accept'));
  const headers = new HeaderList();
  headers.add('Content-Type', page.contentType);
  for (const [name, value] of extra) headers.add(name, value);
  finishAnswer(context, status, headers, page.body, 'own');
}

/** In place of an upstream that could not be reached or did not speak HTTP. */
export function answerUpstreamFault(context: RequestContext, status: 502 | 503 | 504 | 500): void {
  if (isGrpc(context)) return answerGrpcCode(context, grpcStatus(status), standardText(status), 'fault');
  const { headers: asked } = context.exchange;
  const { errorPages } = context.core.config;
  const page = renderFault(
    errorPages,
    standardText(status),
    context.id,
    asked.get('accept'),
    asked.get('content-type'),
  );
  const headers = new HeaderList();
  headers.add('Content-Type', page.contentType);
  finishAnswer(context, status, headers, page.body, 'fault');
}

/** A route for https only was reached in clear text. */
export function redirectToHttps(context: RequestContext, status: number): void {
  if (status === 426) {
    const extra = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'TLS/1.2, HTTP/1.1'],
    ] as const;
    return answerError(context, 426, 'Please use HTTPS protocol', extra);
  }
  const headers = new HeaderList();
  headers.add('Location', `https://${context.forwarded.host}${context.exchange.target}`);
  finishAnswer(context, status, headers, '', 'own');
}

function errorBody(context: RequestContext, answer: Answer, headers: HeaderList): Bytes {
  const message = typeof answer.body === 'string' ? answer.body : standardText(answer.status);
  const page = renderError(context.core.config.errorPages, message, context.id, context.exchange.headers.get('accept'));
  headers.add('Content-Type', page.contentType);
  return page.body;
}

function exitBody(answer: Answer, headers: HeaderList): Bytes {
  const { body } = answer;
  if (body === undefined) return '';
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  headers.add('Content-Type', 'application/json; charset=utf-8');
  return JSON.stringify(body);
}

/** A text, the message of an object, or what the status says. */
function textOf({ body, status }: Answer): string {
  if (typeof body === 'string') return body;
  const message = isObject(body) ? body['message'] : undefined;
  return typeof message === 'string' ? message : standardText(status);
}

const isGrpc = (context: RequestContext): boolean =>
  context.exchange.httpVersion === 2 &&
  context.exchange.headers.get('content-type')?.startsWith('application/grpc') === true;

const answerGrpc = (context: RequestContext, status: number, message: string): void =>
  answerGrpcCode(context, grpcStatus(status), message, 'own');

/** All that gRPC says of an outcome is in the head. */
export function answerGrpcCode(context: RequestContext, code: number, message: string, origin: 'own' | 'fault'): void {
  const headers = new HeaderList();
  headers.add('Content-Type', 'application/grpc');
  headers.add('grpc-status', String(code));
  headers.add('grpc-message', message.replaceAll(/[^\x20-\x7e]/g, ''));
  finishAnswer(context, 200, headers, '', origin);
}

function finishAnswer(
  context: RequestContext,
  status: number,
  headers: HeaderList,
  body: Bytes,
  origin: 'own' | 'fault' | 'replay',
): void {
  if (context.exchange.answered) return;
  context.status = status;
  const { chosen } = context;
  context.bindHeaders(headers);
  if (chosen.header.length > 0) runHeaderFilter(context);
  let bytes = context.replacedBody ?? body;
  if (chosen.body.length > 0) {
    const filtered = runBodyFilter(context, typeof bytes === 'string' ? Buffer.from(bytes) : bytes, true);
    if (filtered === undefined) return context.exchange.abort();
    bytes = filtered;
  }
  if (origin !== 'own') setProxiedHeaders(context, headers, origin === 'replay');
  else setOwnHeaders(context, headers);
  context.responseHeaders = headers;
  if (origin === 'replay' && context.exchange.method === 'HEAD') {
    context.exchange.startResponse(context.status, undefined, headers, context.answer?.length);
    context.exchange.end();
  } else context.exchange.respond(context.status, undefined, headers, bytes);
}
