// The answer to what is refused before or beside the handler. It always ends the connection.
import { HeaderList } from './headers.ts';
import { latin1 } from './latin1.ts';
import type { HeadFault } from './request-head.ts';
import type { Http1Server } from './server.ts';

export interface FaultyRequest {
  method: string;
  headers: HeaderList;
}

/** Head and body, a character a byte. */
export function faultAnswer(server: Http1Server, fault: HeadFault, request: FaultyRequest | undefined): string {
  const page = server.renderError(fault.status, fault.message, {
    accept: request?.headers.get('accept'),
    contentType: request?.headers.get('content-type'),
  });
  const headers = HeaderList.from(page.headers ?? []);
  headers.set('Content-Type', page.contentType);
  if (!headers.has('date')) headers.add('Date', server.deadlines.httpDate());
  const body = Buffer.from(page.body);
  const head = headers.appendTo(`HTTP/1.1 ${fault.status} ${REASONS[fault.status] ?? 'Error'}\r\n`);
  const whole = `${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  return request?.method === 'HEAD' ? whole : whole + latin1(body);
}

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  505: 'HTTP Version Not Supported',
};
