// A call as gRPC clients make it: over HTTP/2, with the content type that tells. Shows the head of the answer.
import { connect, type IncomingHttpHeaders } from 'node:http2';

export function callGrpc(port: number): Promise<IncomingHttpHeaders> {
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({ ':method': 'POST', ':path': '/x.Y/Z', 'content-type': 'application/grpc' });
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    stream.on('error', reject);
    stream.on('response', resolve);
    stream.on('close', () => session.close());
    stream.resume();
    stream.end();
  });
}
