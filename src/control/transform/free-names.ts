// Names that are given once: what is taken gets a number behind it. The last number is remembered, so that a thousand things
// of one name take a thousand steps.

/** @param spell the name with a number; with 1 it is the plain name. */
export type GiveName = (scope: string, spell: (number: number) => string) => string;

export function createFreeNames(): GiveName {
  /** Name → the last number that was given to it. */
  const taken = new Map<string, number>();
  return (scope, spell) => {
    const key = (number: number): string => `${scope} ${spell(number)}`;
    let number = (taken.get(key(1)) ?? 0) + 1;
    while (taken.has(key(number))) number++;
    taken.set(key(1), number);
    if (number > 1) taken.set(key(number), 1);
    return spell(number);
  };
}
