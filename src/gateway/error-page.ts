// The bodies of answers that the gateway makes itself, in the format the client accepts. Two kinds of origin negotiate
// differently: the router, the balancer and plugins look at Accept only and prefer JSON; faults of the exchange itself
// (bad requests, 502, 504) fall back to the request's Content-Type and then to plain text.

export interface ErrorPage {
  readonly contentType: string;
  readonly body: string;
}

type Format = 'json' | 'html' | 'xml' | 'plain' | 'grpc';

/** What an operator chose instead of what is here. */
export interface ErrorPages {
  /** Of faults, where the request tells nothing. */
  readonly defaultFormat: Exclude<Format, 'grpc'>;
  /** By format; `%s` twice, for the message and for the id of the request. */
  readonly templates: { readonly [format: string]: string };
}

export const OWN_PAGES: ErrorPages = { defaultFormat: 'plain', templates: {} };

const STANDARD_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  402: 'Payment required',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  407: 'Proxy authentication required',
  408: 'Request timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length required',
  412: 'Precondition failed',
  413: 'Payload too large',
  414: 'URI too long',
  415: 'Unsupported media type',
  416: 'Range not satisfiable',
  417: 'Expectation failed',
  421: 'Misdirected request',
  426: 'Upgrade required',
  428: 'Precondition required',
  429: 'Too many requests',
  431: 'Request header fields too large',
  494: 'Request header or cookie too large',
  500: 'An unexpected error occurred',
  501: 'Not implemented',
  502: 'An invalid response was received from the upstream server',
  503: 'The upstream server is currently unavailable',
  504: 'The upstream server is timing out',
  505: 'HTTP version not supported',
};

export const standardText = (status: number): string =>
  STANDARD_TEXTS[status] ?? `The upstream server responded with ${status}`;

/** For the router, the balancer and plugins. */
export const renderError = (
  pages: ErrorPages,
  message: string,
  requestId: string,
  accept: string | undefined,
): ErrorPage => render(pages, accept === undefined ? 'json' : formatOf(accept), message, requestId);

/** For faults of the exchange. */
export function renderFault(
  pages: ErrorPages,
  message: string,
  requestId: string,
  accept: string | undefined,
  contentType: string | undefined,
): ErrorPage {
  const hint = accept ?? contentType;
  return render(pages, hint === undefined ? pages.defaultFormat : formatOf(hint), message, requestId);
}

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  html: 'text/html; charset=utf-8',
  xml: 'application/xml; charset=utf-8',
  plain: 'text/plain; charset=utf-8',
  grpc: 'application/grpc',
};

function render({ templates }: ErrorPages, format: Format, message: string, requestId: string): ErrorPage {
  const template = templates[format];
  const body =
    template === undefined ? bodyOf(format, message, requestId) : fill(template, escapeFor(format, message), requestId);
  return { contentType: CONTENT_TYPES[format], body };
}

function fill(template: string, ...texts: readonly string[]): string {
  let next = 0;
  return template.replaceAll('%s', () => texts[next++] ?? '');
}

const escapeFor = (format: Format, message: string): string =>
  format === 'json' ? JSON.stringify(message).slice(1, -1) : format === 'plain' ? message : escapeMarkup(message);

function bodyOf(format: Format, message: string, requestId: string): string {
  switch (format) {
    case 'json':
      return `{\n  "message":${JSON.stringify(message)},\n  "request_id":"${requestId}"\n}`;
    case 'plain':
      return `${message}\nrequest_id: ${requestId}\n`;
    case 'html': {
      const text = escapeMarkup(message);
      return `<!doctype html>
<html>
  <head>
    <meta charset="utf-8">
    <title>Error</title>
  </head>
  <body>
    <h1>Error</h1>
    <p>${text}.</p>
    <p>request_id: ${requestId}</p>
  </body>
</html>
`;
    }
    case 'xml':
      return `<?xml version="1.0" encoding="UTF-8"?>
<error>
  <message>${escapeMarkup(message)}</message>
  <requestid>${requestId}</requestid>
</error>
`;
    case 'grpc':
      return '';
  }
}

const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The highest `q` wins, the first of equals; a type we have no template for means JSON. */
function formatOf(accept: string): Format {
  let best = '';
  let bestQuality = 0;
  for (const part of accept.slice(0, 1024).split(',')) {
    const [type = '', ...parameters] = part.split(';');
    let quality = 1;
    for (const parameter of parameters) {
      const [name = '', value = ''] = parameter.split('=');
      if (name.trim().toLowerCase() === 'q') quality = Number(value.trim());
    }
    if (quality > bestQuality) {
      best = type.trim().toLowerCase();
      bestQuality = quality;
    }
  }
  if (best === 'text/html' || best === 'application/xhtml+xml') return 'html';
  if (best === 'text/plain' || best === 'text/*') return 'plain';
  if (best === 'application/xml' || best === 'text/xml') return 'xml';
  if (best.startsWith('application/grpc')) return 'grpc';
  return 'json';
}

const GRPC_CODES: Readonly<Record<number, number>> = {
  200: 0,
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 6,
  429: 8,
  499: 1,
  500: 13,
  501: 12,
  503: 14,
  504: 4,
};

/** grpc-status of an HTTP status. */
export function grpcStatus(status: number): number {
  const exact = GRPC_CODES[status];
  if (exact !== undefined) return exact;
  if (status >= 500) return 13;
  if (status >= 400) return 3;
  return status >= 200 && status < 300 ? 0 : 2;
}
