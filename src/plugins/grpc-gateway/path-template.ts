// Path templates of google.api.http: `/v1/{name=shelves/*}/books/{book}:read`. `*` is one segment, `**` all that are left.

type Segment = string | typeof ONE | typeof MANY;
const ONE = Symbol('*');
const MANY = Symbol('**');

interface Variable {
  /** Names of nested fields. */
  readonly path: readonly string[];
  /** Positions of segments; the end is not part of it. */
  readonly from: number;
  readonly to: number;
}

export interface PathTemplate {
  /** The variables' values, decoded; undefined when the path does not fit. */
  match(path: string): readonly (readonly [path: readonly string[], value: string])[] | undefined;
}

/** Not the slashes within braces. */
const BETWEEN_SEGMENTS = /\/(?![^{]*\})/;
const VARIABLE = /^\{([^}]*)\}$/;

export function compileTemplate(template: string): PathTemplate {
  const colon = template.lastIndexOf(':');
  const hasVerb = colon > Math.max(template.lastIndexOf('/'), template.lastIndexOf('}'));
  const verb = hasVerb ? template.slice(colon + 1) : undefined;
  const segments: Segment[] = [];
  const variables: Variable[] = [];
  const text = hasVerb ? template.slice(1, colon) : template.slice(1);
  for (const part of text.split(BETWEEN_SEGMENTS)) {
    const inner = VARIABLE.exec(part)?.[1];
    if (inner === undefined) segments.push(segmentOf(part));
    else {
      const [name = '', pattern = '*'] = inner.split('=');
      const from = segments.length;
      segments.push(...pattern.split('/').map(segmentOf));
      variables.push({ path: name.trim().split('.'), from, to: segments.length });
    }
  }
  return { match: (path) => matchPath(path, segments, variables, verb) };
}

const segmentOf = (text: string): Segment => (text === '*' ? ONE : text === '**' ? MANY : text);

function matchPath(
  path: string,
  segments: readonly Segment[],
  variables: readonly Variable[],
  verb: string | undefined,
): readonly (readonly [path: readonly string[], value: string])[] | undefined {
  let text = path.slice(1);
  if (verb !== undefined) {
    if (!text.endsWith(`:${verb}`)) return undefined;
    text = text.slice(0, -verb.length - 1);
  }
  const parts = text.split('/');
  const manyAt = segments.indexOf(MANY);
  if (manyAt < 0 ? parts.length !== segments.length : parts.length < segments.length - 1) return undefined;
  const extra = manyAt < 0 ? 0 : parts.length - segments.length;
  /** Where the segment begins in the path. */
  const place = (index: number): number => (manyAt >= 0 && index > manyAt ? index + extra : index);
  for (const [index, segment] of segments.entries()) {
    if (segment === MANY) continue;
    const part = parts[place(index)];
    if (part === undefined || (segment === ONE ? part === '' : part !== segment)) return undefined;
  }
  return variables.map(({ path: name, from, to }) => {
    const value = parts.slice(place(from), place(to)).join('/');
    return [name, to - from === 1 && segments[from] !== MANY ? decoded(value) : value] as const;
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
