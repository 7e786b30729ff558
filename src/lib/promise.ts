// Telling promises from values, for code that stays synchronous until something really has to be awaited.

export const isPromise = <T>(value: unknown): value is Promise<T> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
