// What an upstream says was used: `video=2, image=1`, in one header line or several.

const AMOUNT = /^\d{1,15}(?:\.\d{1,6})?$/;

/** Amounts by name, added up; pairs that are none and amounts of nothing are left out. */
export function readUsed(lines: readonly string[]): ReadonlyMap<string, number> {
  const used = new Map<string, number>();
  for (const line of lines) {
    for (const part of line.split(',')) {
      const equals = part.indexOf('=');
      if (equals < 0) continue;
      const amount = part.slice(equals + 1).trim();
      if (!AMOUNT.test(amount) || Number(amount) === 0) continue;
      const name = part.slice(0, equals).trim();
      used.set(name, (used.get(name) ?? 0) + Number(amount));
    }
  }
  return used;
}
