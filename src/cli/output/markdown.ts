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

type Action = Operation['action'];
const ACTIONS: readonly Action[] = ['delete', 'update', 'create'];

/** What the room goes to, one after the other: nothing is destroyed unnamed, and what is made anew matters least. */
const STEPS: readonly (readonly [Action, 'name' | 'full'])[] = [
  ['delete', 'name'],
  ['update', 'name'],
  ['delete', 'full'],
  ['update', 'full'],
  ['create', 'name'],
  ['create', 'full'],
];

export function formatMarkdown(input: MarkdownInput): string {
  const head = [MARKER, verdict(input), ...problems(input), ...table(input)].join('\n');
  const rest = `\n${POINTER}`;
  // For the lines that say how many more there are, too.
  const room = MAX_COMMENT - head.length - rest.length - 100 * ACTIONS.length;
  if (room < 0) return `${head.slice(0, MAX_COMMENT - POINTER.length - 8)}\n\n${POINTER}\n`;
  const { lines, isCut } = changes(input, room);
  return `${[head, ...lines].join('\n')}${isCut ? rest : ''}\n`;
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

/** The first of each action in full, then some by name, then how many more there are. */
function changes(input: MarkdownInput, room: number): { lines: string[]; isCut: boolean } {
  const isOpen = input.operations.length <= MAX_OPEN;
  const items = new Map(
    ACTIONS.map((action) => [action, input.operations.filter((operation) => operation.action === action)]),
  );
  const names = new Map<Action, string[]>(ACTIONS.map((action) => [action, []]));
  const wholes = new Map<Action, string[]>(ACTIONS.map((action) => [action, []]));
  let left = room;
  for (const [action, detail] of STEPS) {
    const own = items.get(action)!;
    const named = names.get(action)!;
    const told = detail === 'name' ? named : wholes.get(action)!;
    for (const item of detail === 'name' ? own : own.slice(0, named.length)) {
      const text = detail === 'name' ? `- ${headline(input, item)}` : folded(input, item, isOpen).join('\n');
      // A change in full stands in the place of its name.
      const cost = text.length + 1 - (detail === 'name' ? 0 : named[told.length]!.length + 1);
      if (cost > left) break;
      left -= cost;
      told.push(text);
    }
  }
  const lines = ACTIONS.flatMap((action) => {
    const whole = wholes.get(action)!;
    const brief = names.get(action)!.slice(whole.length);
    const more = items.get(action)!.length - whole.length - brief.length;
    if (more > 0) brief.push(`- and ${more} more to ${VERBS[action]}`);
    return [...whole, ...(brief.length === 0 ? [] : [...brief, ''])];
  });
  return { lines, isCut: ACTIONS.some((action) => wholes.get(action)!.length < items.get(action)!.length) };
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
