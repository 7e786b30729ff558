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

  const offsetOf = async ({ source, offset, path, at }: Place): Promise<number> => {
    if (offset !== undefined || path === undefined) return offset ?? 0;
    const found = (await locatorOf(source)).offsetOf(path, at ?? 'value');
    return rendered.get(source)?.originalOffset(found) ?? found;
  };

  const position: Placer['position'] = async (place) => ({
    file: place.source.name,
    ...(place.path === undefined && place.offset === undefined
      ? { line: 0, column: 0 }
      : lineAndColumn(place.source.text, await offsetOf(place))),
  });

  /** The two readers word syntax errors differently; the slow one knows places better. */
  const refine = async (problem: Problem): Promise<Problem> => {
    if (problem.isSyntax !== true) return problem;
    const error = (await locatorOf(problem.source)).syntaxErrors[0];
    if (error === undefined) return problem;
    const offset = rendered.get(problem.source)?.originalOffset(error.offset) ?? error.offset;
    // Its words for this one are about its own functions.
    if (error.code === 'MULTIPLE_DOCS') return { ...problem, offset };
    return { ...problem, offset, message: `this is no valid YAML: ${lowerFirst(error.message)}` };
  };

  const diagnose = async (given: Problem, severity: Diagnostic['severity']): Promise<Diagnostic> => {
    const problem = await refine(given);
    const { file, line, column } = await position(problem);
    secrets ??= secretFieldNames(schemas);
    const { message, expected, hint, other } = problem;
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
