// Gives problems their line, column and code frame. The slow position-keeping reader runs once a file, and only for files
// that have a problem.
import type { SchemaSet } from '../../schema/schema-set.ts';
import { compareDiagnostics, type Diagnostic, type Place, type Problem } from './diagnostics.ts';
import type { Rendered } from './env.ts';
import { codeFrame, lineAndColumn, secretFieldNames } from './frame.ts';
import type { Locator } from './locate.ts';
import type { SourceText } from './sources.ts';

export interface Placer {
  all(problems: readonly Problem[], severity: Diagnostic['severity']): Promise<Diagnostic[]>;
  position(place: Place): Promise<{ file: string; line: number; column: number }>;
}

/** Reading a text with all places takes a hundred times its size. */
const MAX_LOCATED = 32 * 1024 * 1024;
const MAX_REREAD = 1024 * 1024;
const AFTER_ERROR = 4096;

export function createPlacer(schemas: SchemaSet, rendered: ReadonlyMap<SourceText, Rendered>): Placer {
  const locators = new Map<SourceText, Promise<Locator>>();
  let secrets: ReadonlySet<string> | undefined;

  const locatorOf = (source: SourceText): Promise<Locator> => {
    let locator = locators.get(source);
    if (locator === undefined) {
      const text = rendered.get(source)?.text ?? source.text;
      locator = import('./locate.ts').then(({ createLocator }) => createLocator(text));
      locators.set(source, locator);
    }
    return locator;
  };

  const isLarge = (source: SourceText): boolean => source.text.length > MAX_LOCATED;

  const offsetOf = async ({ source, offset, path, at }: Place): Promise<number> => {
    if (offset !== undefined || path === undefined) return offset ?? 0;
    const found = (await locatorOf(source)).offsetOf(path, at ?? 'value');
    return rendered.get(source)?.originalOffset(found) ?? found;
  };

  const position: Placer['position'] = async (place) => ({
    file: place.source.name,
    ...((place.path === undefined || isLarge(place.source)) && place.offset === undefined
      ? { line: 0, column: 0 }
      : lineAndColumn(place.source.text, await offsetOf(place))),
  });

  /** The two readers word syntax errors differently; the slow one knows places better. */
  const refine = async (problem: Problem): Promise<Problem> => {
    if (problem.isSyntax !== true) return problem;
    const text = rendered.get(problem.source)?.text ?? problem.source.text;
    const end = (problem.offset ?? 0) + Math.max(0, text.length - problem.source.text.length) + AFTER_ERROR;
    if (end > MAX_REREAD) return problem;
    // What comes behind the place may be as large as it likes; an error that cutting it off makes is none.
    const { createLocator } = await import('./locate.ts');
    const error = (await createLocator(text.slice(0, end))).syntaxErrors[0];
    if (error === undefined || (end < text.length && error.offset >= end - 1)) return problem;
    // It gives up where the quick reader has a reason.
    if (/call stack/i.test(error.message)) return problem;
    const offset = rendered.get(problem.source)?.originalOffset(error.offset) ?? error.offset;
    // Its words for this one are about its own functions.
    if (error.code === 'MULTIPLE_DOCS') return { ...problem, offset };
    return { ...problem, offset, message: `this is no valid YAML: ${lowerFirst(error.message)}` };
  };

  const diagnose = async (given: Problem, severity: Diagnostic['severity']): Promise<Diagnostic> => {
    const problem = await refine(given);
    const { file, line, column } = await position(problem);
    secrets ??= secretFieldNames(schemas);
    const { expected, hint, other } = problem;
    const isPathTold = line === 0 && problem.path !== undefined && problem.path.length > 0;
    const message = cut(isPathTold ? `${problem.path!.join('.')}: ${problem.message}` : problem.message);
    return {
      severity,
      file,
      line,
      column,
      message,
      ...(expected === undefined ? {} : { expected }),
      ...(hint === undefined ? {} : { hint }),
      ...(other === undefined ? {} : { other: await position(other) }),
      frame: line === 0 ? '' : codeFrame(problem.source.text, line, column, secrets),
    };
  };

  return {
    async all(problems, severity) {
      const diagnostics: Diagnostic[] = [];
      for (const problem of problems) diagnostics.push(await diagnose(problem, severity));
      return diagnostics.sort(compareDiagnostics);
    },
    position,
  };
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

const MAX_MESSAGE = 1000;

/** Some messages repeat what is wrong, and that may be all of a file. */
const cut = (text: string): string => (text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)}…`);
