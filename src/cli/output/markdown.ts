// What is, or was, done as a comment on a pull request: one line to know it all, counts by kind, then every change, folded,
// what is destroyed first. Equal plans give equal texts, hostile names cannot become mentions, links or markup, and a text
// that would be too long for a comment says less of what matters less.
import { kindWord } from '../../control/plan/label.ts';
import type { Operation } from '../../control/plan/plan.ts';
import type { JsonObject } from '../../lib/json.ts';
import { schemaOf } from '../../schema/schema-set.ts';
import type { Theme } from '../theme.ts';
import { deckForm } from './body.ts';
import { type EventContext, formatChange } from './events.ts';
import type { ReportInput } from './json-report.ts';

export interface MarkdownInput extends ReportInput {
  readonly tense: 'planned' | 'done';
  /** Plain: markup and colours do not go together. */
  readonly theme: Theme;
}

/** GitHub takes no comment with more characters. */
export const MAX_COMMENT = 65_536;
const MARKER = '<!-- gwctl -->';
/** Up to this many changes are shown open. */
const MAX_OPEN = 5;

type Detail = 'full' | 'name';
type Details = Readonly<Record<Operation['action'], Detail | 'count'>>;

/** From everything to counts only: creations are the first to be cut, deletions the last. */
const DEGREES: readonly Details[] = [
  { delete: 'full', update: 'full', create: 'full' },
  { delete: 'full', update: 'full', create: 'name' },
  { delete: 'name', update: 'full', create: 'count' },
  { delete: 'name', update: 'name', create: 'count' },
  { delete: 'name', update: 'count', create: 'count' },
  { delete: 'count', update: 'count', create: 'count' },
];

export function formatMarkdown(input: MarkdownInput): string {
  const head = [MARKER, verdict(input), ...problems(input), ...table(input)];
  for (const details of DEGREES) {
    const isCut = details !== DEGREES[0];
    const text = `${[...head, ...changes(input, details), ...(isCut ? [POINTER] : [])].join('\n')}\n`;
    if (text.length <= MAX_COMMENT) return text;
  }
  return `${head.join('\n').slice(0, MAX_COMMENT - POINTER.length - 8)}\n\n${POINTER}\n`;
}

const POINTER =
  'Some changes are left out, because a comment has a limit. The log of this job, or `--format json`, has all of them.';

function verdict({ operations, tense, errors = [] }: MarkdownInput): string {
  const count = (action: Operation['action']): number => operations.filter((item) => item.action === action).length;
  const words = tense === 'planned' ? ['to add', 'to change', 'to delete'] : ['added', 'changed', 'deleted'];
  if (errors.length > 0) return `**Failed: ${plural(errors.length, 'error')}**\n`;
  if (operations.length === 0) return '**No changes**: the gateway is what the files say.\n';
  return `**${count('create')} ${words[0]}, ${count('update')} ${words[1]}, ${count('delete')} ${words[2]}**\n`;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const MAX_PROBLEMS = 10;

function problems({ errors = [], warnings = [], dropped = [] }: MarkdownInput): string[] {
  const lines = [
    ...errors.map((text) => `- error: ${code(text)}`),
    ...warnings.map((text) => `- warning: ${code(text)}`),
  ];
  if (dropped.length > 0) lines.push(`- not done: ${plural(dropped.length, 'change')}`);
  if (lines.length === 0) return [];
  const more = lines.length - MAX_PROBLEMS;
  return [...lines.slice(0, MAX_PROBLEMS), ...(more > 0 ? [`- and ${more} more`] : []), ''];
}

function table({ schemas, operations }: MarkdownInput): string[] {
  if (operations.length === 0) return [];
  const rows = new Map<string, { create: number; update: number; delete: number }>();
  for (const { kind, action } of operations) {
    const word = kindWord(schemaOf(schemas, kind));
    const row = rows.get(word) ?? { create: 0, update: 0, delete: 0 };
    row[action]++;
    rows.set(word, row);
  }
  const sorted = [...rows].sort(([a, left], [b, right]) => right.delete - left.delete || (a < b ? -1 : 1));
  return [
    '| kind | delete | change | add |',
    '|---|--:|--:|--:|',
    ...sorted.map(([word, row]) => `| ${word} | ${row.delete} | ${row.update} | ${row.create} |`),
    '',
  ];
}

const VERBS = { create: 'add', update: 'change', delete: 'delete' } as const;

function changes(input: MarkdownInput, details: Details): string[] {
  const isOpen = input.operations.length <= MAX_OPEN;
  return (['delete', 'update', 'create'] as const).flatMap((action) => {
    const items = input.operations.filter((operation) => operation.action === action);
    if (items.length === 0 || details[action] === 'count') return [];
    return details[action] === 'name'
      ? [...items.map((item) => `- ${headline(input, item)}`), '']
      : items.flatMap((item) => folded(input, item, isOpen));
  });
}

const headline = (context: EventContext, operation: Operation): string =>
  `${VERBS[operation.action]} ${kindWord(schemaOf(context.schemas, operation.kind))} ${code(operation.label)}`;

function folded(context: EventContext, operation: Operation, isOpen: boolean): string[] {
  const lines = body(context, operation);
  const fence = fenceFor(lines);
  return [
    `<details${isOpen ? ' open' : ''}><summary>${headline(context, operation)}</summary>`,
    '',
    `${fence}diff`,
    ...lines,
    fence,
    '',
    '</details>',
    '',
  ];
}

const MAX_LINE = 240;

function body(context: EventContext, operation: Operation): string[] {
  const lines =
    operation.action === 'update'
      ? operation.changes.flatMap((change) => formatChange(context, operation, change))
      : whole(
          deckForm(context, operation.kind, operation.action === 'create' ? operation.after : operation.before),
          operation.action === 'create' ? '+' : '-',
        );
  return lines.map((line) => invisible(line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line));
}

const whole = (entity: JsonObject, sign: string): string[] =>
  Object.keys(entity)
    .sort()
    .filter((key) => key !== 'id')
    .map((key) => `${sign}  ${key}: ${JSON.stringify(entity[key])}`);

/** Longer than any run of backticks inside. */
function fenceFor(lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
  return '`'.repeat(longest + 1);
}

/** Inside of an element nothing is Markdown, and as references no character is special. */
const code = (text: string): string =>
  `<code>${invisible(text).replaceAll(/[^\p{L}\p{N} ./:()_=-]/gu, (character) => `&#${character.codePointAt(0)!};`)}</code>`;

/** Characters that nobody sees, or that turn the text around, are written out. */
const invisible = (text: string): string =>
  text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
