// Runs one command after the other in one process, so that many of them do not each pay for starting up: reads
// {args, env, input} as JSON lines, answers {code, out, err}. Commands are those of run-source.mjs.
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const answer = process.stdout.write.bind(process.stdout);
const lines = createInterface({ input: process.stdin });

const capture = (stream) => {
  const parts = [];
  stream.write = (chunk, ...rest) => {
    parts.push(String(chunk));
    rest.find((item) => typeof item === 'function')?.();
    return true;
  };
  return parts;
};

for await (const line of lines) {
  const { args, env = {}, input = '' } = JSON.parse(line);
  const [name, ...argv] = args;
  const out = capture(process.stdout);
  const err = capture(process.stderr);
  for (const key of Object.keys(process.env)) if (key !== 'PATH') delete process.env[key];
  Object.assign(process.env, env);
  Object.defineProperty(process, 'stdin', { configurable: true, value: Readable.from(input === '' ? [] : [input]) });
  process.exitCode = 0;
  const { default: Command } = await import(`${root}/src/commands/${name}.ts`);
  await Command.run(argv, { root });
  answer(`${JSON.stringify({ code: process.exitCode ?? 0, out: out.join(''), err: err.join('') })}\n`);
}
process.exit(0);
