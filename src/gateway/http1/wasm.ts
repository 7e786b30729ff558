// What is used of the global WebAssembly object, which the compiler's ES library does not know.

export type Functions = Record<string, (...args: number[]) => number>;

interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: Record<string, Functions>) => { exports: object };
  CompileError: new () => Error;
}

const api = (): WebAssemblyApi => (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

export const wasmModule = (bytes: Uint8Array): object => new (api().Module)(bytes);

export const wasmInstance = (module: object, imports: Record<string, Functions>): object =>
  new (api().Instance)(module, imports).exports;

/** The module asks for what this CPU, or this runtime, does not have. */
export const isCompileError = (error: unknown): boolean => error instanceof api().CompileError;
