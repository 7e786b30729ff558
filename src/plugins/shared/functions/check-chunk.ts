// Whether a text can be a chunk. Asked before it is stored by a gateway that would have to run it, and once more before it is
// run.
import { compileFunction } from 'node:vm';
import { isObject } from '../../../lib/json.ts';
import type { EntityCheck, ErrorNode } from '../../../schema/define.ts';
import { codeChunks } from '../code-chunks.ts';
import { looksLikeLua } from './lua.ts';

const MAX_SOURCE = 64 * 1024;
/** Ways to begin something that goes on after the call. */
const LATER = /\basync\b|\bawait\b|\bimport\b/;

/** Why this text cannot be a chunk. */
export function checkChunk(code: string): string | undefined {
  if (code.length > MAX_SOURCE) return `a chunk is longer than ${MAX_SOURCE} characters`;
  if (LATER.test(code)) return 'the words async, await and import cannot be used';
  try {
    compileFunction(`'use strict';${code}`, ['kong']);
    return undefined;
  } catch (error) {
    return looksLikeLua(code)
      ? 'this looks like Lua, which cannot run here: write the body of a JavaScript function (see the page of the plugin)'
      : (error as Error).message;
  }
}

export const runnableChunks = (plugin: string): EntityCheck => ({
  check: 'custom_entity_check',
  fields: ['config'],
  run({ config }) {
    const wrong: Record<string, ErrorNode> = {};
    for (const phase of Object.keys(codeChunks)) {
      const chunks = isObject(config) ? config[phase] : undefined;
      if (!Array.isArray(chunks)) continue;
      const reasons = chunks.map((code) => (typeof code === 'string' ? checkChunk(code) : undefined));
      if (reasons.every((reason) => reason === undefined)) continue;
      wrong[phase] = reasons.map((reason) => (reason === undefined ? null : `error parsing ${plugin}: ${reason}`));
    }
    return Object.keys(wrong).length === 0 ? undefined : { config: wrong };
  },
});
