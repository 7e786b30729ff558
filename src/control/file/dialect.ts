// Two dialects of one format. Commands that change a gateway from outside read decK's; `serve` reads that of Kong's DB-less
// mode as well, where entities that cannot be without another stand in lists of their own, and keys hold remarks.
import { foreignFields } from '../../schema/schema-set.ts';
import type { Place, Problem } from './diagnostics.ts';
import { flatLinksForm, isFlatLinks } from './flat-links.ts';
import { type EntityForm, type Grammar, IGNORED_KEYS } from './grammar.ts';

/** `deck`: files for a gateway say all that decK wants said. `any`: a gateway reads for itself and fills in the rest. */
export type Dialect = 'deck' | 'any';

/** The field that points to what such an entity cannot be without. */
export const ownerOf = ({ schema }: EntityForm): ReturnType<typeof foreignFields>[number] | undefined =>
  foreignFields(schema).find(([, field]) => field.in_file?.nest === true && field.required === true);

/** A section that files of DB-less mode have at the top, and decK's have inside its entities. */
export function isDbLessSection(grammar: Grammar, key: string): boolean {
  if (IGNORED_KEYS.has(key)) return true;
  const form = grammar.get(key);
  if (form === undefined) return flatLinksForm(grammar, key) !== undefined;
  return ownerOf(form) !== undefined || form.schema.deck?.link !== undefined;
}

/** The same for a key inside an entity. */
export const isDbLessKey = (form: EntityForm, key: string): boolean => IGNORED_KEYS.has(key) || isFlatLinks(form, key);

export function refuseDbLess(place: Place): Problem {
  const key = String(place.path?.at(-1));
  const isRemark = IGNORED_KEYS.has(key);
  return {
    ...place,
    at: 'key',
    message: isRemark ? `unknown field '${key}'` : `'${key}' stands only in files of Kong's DB-less mode`,
    hint: isRemark
      ? 'write a remark as a YAML comment: # …'
      : '`gwctl file format deck FILE` makes a state file of it; `gwctl serve` takes it as it is',
  };
}
