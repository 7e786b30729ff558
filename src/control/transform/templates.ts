// `${{ … }}` in a file that is edited but not rendered. Quotes inside of a template would break YAML and JSON, so each one
// is taken out before parsing, a mark of the same length stands in for it, and it comes back when the text is written.

const TEMPLATE = /\$\{\{[^\n]*?\}\}/g;
const MARK = /\uE000(\d+)\uE001\uE002*/g;

export interface Templates {
  /** The text with a mark for each template. */
  takeOut(text: string): string;
  /** `json`: in backquotes instead of quotes, which both a template and a JSON string can hold. */
  putBack(text: string, form: 'yaml' | 'json'): string;
}

/** One for all files that end up in one: marks are numbered across them. */
export function createTemplates(): Templates {
  const taken: string[] = [];
  return {
    takeOut: (text) =>
      text.replaceAll(TEMPLATE, (template) => {
        taken.push(template);
        return `\uE000${taken.length - 1}\uE001`.padEnd(template.length, '\uE002');
      }),
    putBack: (text, form) =>
      text.replaceAll(MARK, (mark, index: string) => {
        const template = taken[Number(index)] ?? mark;
        return form === 'json' ? template.replaceAll('"', '`') : template;
      }),
  };
}

/** Does a value of a tree stand for a template as a whole? */
export const isTemplate = (value: unknown): boolean =>
  typeof value === 'string' && /^\uE000\d+\uE001\uE002*$/.test(value);
