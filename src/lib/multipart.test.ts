import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundaryOf, formatMultipart, parseMultipart, renamePart, textPart } from './multipart.ts';

const part = (head: string, body: string): string => `--B\r\n${head}\r\n\r\n${body}\r\n`;
const field = (name: string, body: string): string => part(`Content-Disposition: form-data; name="${name}"`, body);
const parse = (text: string, boundary = 'B') => parseMultipart(Buffer.from(text, 'latin1'), boundary);
const shown = (text: string) => parse(text)?.map(({ name, body }) => [name, body.toString('latin1')]);

test('the boundary comes from the content type, quoted or not', () => {
  assert.equal(boundaryOf('multipart/form-data; boundary=abc'), 'abc');
  assert.equal(boundaryOf('multipart/form-data; charset=x; Boundary="a b"'), 'a b');
  assert.equal(boundaryOf('multipart/form-data'), undefined);
  assert.equal(boundaryOf('multipart/form-data; boundary='), undefined);
  assert.equal(boundaryOf('multipart/form-data; boundary="a "'), undefined);
  assert.equal(boundaryOf(`multipart/form-data; boundary=${'a'.repeat(71)}`), undefined);
  assert.equal(boundaryOf('multipart/form-data; boundary=a@b'), undefined);
});

test('parts have names and bodies', () => {
  assert.deepEqual(shown(`preamble\r\n${field('a', '1')}${field('b', 'x\r\ny')}${field('', '')}--B--\r\nepilogue`), [
    ['a', '1'],
    ['b', 'x\r\ny'],
    ['', ''],
  ]);
});

test('text that only looks like a delimiter belongs to the part', () => {
  assert.deepEqual(shown(`${field('a', 'x--B\r\n--Bc\r\n--B-x')}--B--`), [['a', 'x--B\r\n--Bc\r\n--B-x']]);
});

test('names are found in quotes, in tokens and in any case of the header', () => {
  const text =
    part('CONTENT-DISPOSITION: Form-Data ; NAME=tok', '1') +
    part('content-disposition: form-data; filename="name=no; name"; name="say \\"hi\\""', '2') +
    part('Content-Type: text/plain', '3') +
    '--B\r\n\r\nno head\r\n--B--';
  assert.deepEqual(shown(text), [
    ['tok', '1'],
    ['say "hi"', '2'],
    [undefined, '3'],
    [undefined, 'no head'],
  ]);
});

test('a body that does not keep to the format is no form', () => {
  assert.equal(parse(''), undefined);
  assert.equal(parse('a=1'), undefined);
  assert.equal(parse(field('a', '1')), undefined);
  assert.equal(parse('--B\r\nContent-Disposition: form-data; name="a"\r\n--B--'), undefined);
  assert.equal(parse(`${part('Content-Disposition: form-data; name=a; name=b', '1')}--B--`), undefined);
  assert.equal(parse(`${part(`X: ${'y'.repeat(9000)}`, '1')}--B--`), undefined);
  assert.equal(parse(`${field('a', '1').repeat(1001)}--B--`), undefined);
  assert.equal(parse(`${field('a', '1').repeat(1000)}--B--`)?.length, 1000);
});

test('unchanged parts are written back byte by byte', () => {
  const text = `${part('Content-Disposition: form-data; name="f"; filename="x"\r\nContent-Type: a/b', '\u00ff\u0000\r\n')}--B\r\n\r\nplain\r\n--B--\r\n`;
  assert.equal(formatMultipart(parse(text)!, 'B').toString('latin1'), text);
});

test('a renamed part keeps its other headers', () => {
  const [first] = parse(
    `${part('Content-Disposition: form-data; filename="x;name=y"; name="f"\r\nContent-Type: a/b', '1')}--B--`,
  )!;
  const renamed = renamePart(first!, 'g"\r\n');
  assert.equal(
    renamed.head,
    'Content-Disposition: form-data; filename="x;name=y"; name="g%22%0D%0A"\r\nContent-Type: a/b',
  );
});

test('a new part cannot break out of its header', () => {
  assert.equal(textPart('a"\r\nX: y', 'v').head, 'Content-Disposition: form-data; name="a%22%0D%0AX: y"');
});
