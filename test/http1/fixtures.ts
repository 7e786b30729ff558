// The raw bytes of fixtures/http1/, as tests and scripts read them.
import { readFileSync } from 'node:fs';

export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/http1/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** `{{repeat:TEXT:N}}` expanded; pieces between `{{half-close}}` and `{{wait:MS}}` marks are the caller's to find. */
export function expand(text: string): Buffer {
  const plain = text.replace(/\{\{repeat:([\s\S]*?):(\d+)\}\}/g, (_match, part: string, times: string) =>
    part.repeat(Number(times)),
  );
  return Buffer.from(plain, 'utf8');
}
