// Names for things that want the same one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFreeNames } from '../../../src/control/transform/free-names.ts';

const numbered = (text: string) => (number: number) => (number === 1 ? text : `${text}-${number}`);

describe('a name', () => {
  it('is given once in its scope', () => {
    const give = createFreeNames();
    assert.deepEqual([give('A', numbered('a')), give('A', numbered('a')), give('B', numbered('a'))], ['a', 'a-2', 'a']);
  });

  it('is not given when another thing is really called so', () => {
    const give = createFreeNames();
    assert.deepEqual(
      ['a-2', 'a', 'a', 'a-2', 'a'].map((text) => give('A', numbered(text))),
      ['a-2', 'a', 'a-3', 'a-2-2', 'a-4'],
    );
  });

  it('takes few steps however often it is wanted', () => {
    const give = createFreeNames();
    let steps = 0;
    const count = (number: number): string => {
      steps++;
      return `a-${number}`;
    };
    for (let i = 0; i < 1000; i++) give('A', count);
    assert.ok(steps < 10_000, `${steps} steps`);
  });
});
