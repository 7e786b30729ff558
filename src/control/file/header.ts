// The keys of a state file that are not entities: format version, workspace, `_info` with its tags and defaults, and the
// sections of shared configuration. Several files add up; two files that contradict each other are an error with both places.
import { isEqual, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { OLD_FORMATS } from '../../schema/upgrade.ts';
import { readDefaults } from './defaults.ts';
import { nearest, type Path, type Place, type Problem } from './diagnostics.ts';
import type { Grammar } from './grammar.ts';
import type { Document } from './lower.ts';
import type { SourceText } from './sources.ts';
import { UNSUPPORTED_INFO } from './unsupported.ts';

export interface FileHeader {
  /** `3.0`, or an older one whose files are read by the older rules; all files have the same. */
  formatVersion: string | undefined;
  workspace: string | undefined;
  readonly selectTags: string[];
  /** Kind → tags: entities of the gateway with all of them may be referred to, and are not the files' to change. */
  readonly lookupTags: Map<string, readonly string[]>;
  /** Entity name → fields that hold where an entity of that kind does not set them. */
  readonly defaults: Map<string, JsonObject>;
  /** Section (`_plugin_configs`) → name → value. */
  readonly shared: Map<string, Map<string, JsonObject>>;
  readonly places: Map<string, Place>;
  /** The first thing in the files that only those of DB-less mode have. */
  dbLess: Place | undefined;
}

export const HEADER_KEYS: ReadonlySet<string> = new Set([
  '_format_version',
  '_transform',
  '_workspace',
  '_info',
  '_konnect',
]);
const INFO_KEYS: ReadonlySet<string> = new Set(['select_tags', 'default_lookup_tags', 'defaults', ...UNSUPPORTED_INFO]);

/** A gateway of version 3 takes such files when it runs without a database. */
export const isOldFormat = ({ formatVersion }: FileHeader): boolean => OLD_FORMATS.has(formatVersion ?? '');

export const emptyHeader = (): FileHeader => ({
  formatVersion: undefined,
  workspace: undefined,
  selectTags: [],
  lookupTags: new Map(),
  defaults: new Map(),
  shared: new Map(),
  places: new Map(),
  dbLess: undefined,
});

export function readHeader(
  schemas: SchemaSet,
  grammar: Grammar,
  { source, value }: Document,
  header: FileHeader,
  problems: Problem[],
): void {
  if (!isObject(value)) {
    problems.push({
      source,
      path: [],
      message: 'a state file is a mapping of sections',
      expected: '_format_version: "3.0" and sections such as services',
    });
    return;
  }
  const report = (path: Path, message: string, more: Partial<Problem> = {}): void => {
    problems.push({ source, path, message, ...more });
  };
  readVersion(value['_format_version'], source, header, report);
  if (value['_transform'] === false) {
    report(['_transform'], '_transform: false is not supported', { hint: 'remove the line and write values in clear' });
  }
  if (Object.hasOwn(value, '_konnect'))
    report(['_konnect'], 'a file for Konnect cannot be used with a gateway', { at: 'key' });
  readWorkspace(value['_workspace'], source, header, report);
  readInfo(schemas, value['_info'], source, header, report);
  for (const form of grammar.values()) {
    if (form.open !== undefined) readShared(form.open.section, value[form.open.section], source, header, report);
  }
}

export type Report = (path: Path, message: string, more?: Partial<Problem>) => void;

function readVersion(version: Json | undefined, source: SourceText, header: FileHeader, report: Report): void {
  const path = ['_format_version'];
  if (version === undefined || version === null) return;
  // YAML reads an unquoted 3.0 as the number 3; there is nothing else it could mean.
  const text = version === 3 ? '3.0' : String(version);
  if (text !== '3.0' && !OLD_FORMATS.has(text)) {
    report(path, `unknown format version '${text}'`, { expected: '"3.0"' });
  } else if (header.formatVersion !== undefined && header.formatVersion !== text) {
    const other = header.places.get('_format_version');
    report(path, `format version ${text} contradicts ${header.formatVersion}`, other === undefined ? {} : { other });
  } else if (header.formatVersion === undefined) {
    header.formatVersion = text;
    header.places.set('_format_version', { source, path });
  }
}

/** One of the files has to say it; the others may be parts of that one. */
export function requireVersion(documents: readonly Document[], problems: Problem[]): void {
  const mappings = documents.filter(({ value }) => isObject(value));
  const [first] = mappings;
  const isGiven = mappings.some(({ value }) => ((value as JsonObject)['_format_version'] ?? null) !== null);
  if (first === undefined || isGiven) return;
  problems.push({
    source: first.source,
    path: ['_format_version'],
    message: "'_format_version' is missing",
    expected: '_format_version: "3.0"',
  });
}

/** Files of an older format are not applied to a gateway: its own version says that they were not written for it. */
export function refuseOldFormat(header: FileHeader, problems: Problem[]): void {
  const place = header.places.get('_format_version');
  if (place === undefined || !isOldFormat(header)) return;
  problems.push({
    ...place,
    message: `format version ${header.formatVersion} cannot be applied to a gateway of version 3.0 or above`,
    expected: '_format_version: "3.0"',
    hint: 'in version 3.0 a regular expression in `paths` starts with ~; `gwctl file convert --from kong-gateway-2.x --to kong-gateway-3.x` rewrites the file',
  });
}

function readWorkspace(value: Json | undefined, source: SourceText, header: FileHeader, report: Report): void {
  if (value === undefined || value === null || value === '') return;
  const path = ['_workspace'];
  if (typeof value !== 'string' || !/^[A-Za-z0-9\-._~\u0080-\uffff]+$/.test(value)) {
    report(path, "'_workspace' must be the name of a workspace");
  } else if (header.workspace !== undefined && header.workspace !== value) {
    const other = header.places.get('_workspace');
    report(path, `workspace '${value}' contradicts '${header.workspace}'`, other === undefined ? {} : { other });
  } else {
    header.workspace = value;
    header.places.set('_workspace', { source, path });
  }
}

function readInfo(
  schemas: SchemaSet,
  info: Json | undefined,
  source: SourceText,
  header: FileHeader,
  report: Report,
): void {
  if (info === undefined || info === null) return;
  if (!isObject(info)) {
    report(['_info'], "'_info' must be a mapping");
    return;
  }
  for (const [key, value] of Object.entries(info)) {
    const path = ['_info', key];
    if (UNSUPPORTED_INFO.has(key)) {
      if (value !== false && value !== null)
        report(path, `'_info.${key}' is not supported by this version of gwctl`, { at: 'key' });
    } else if (key === 'select_tags') readSelectTags(value, path, header, report);
    else if (key === 'default_lookup_tags') readLookupTags(schemas, value, path, header, report);
    else if (key === 'defaults') readDefaults(schemas, value, source, header, report);
    else {
      const near = nearest(key, INFO_KEYS);
      report(path, `unknown key '${key}'`, {
        at: 'key',
        ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
      });
    }
  }
}

function readSelectTags(value: Json, path: Path, header: FileHeader, report: Report): void {
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === 'string')) {
    if (value !== null) report(path, "'_info.select_tags' must be a list of texts");
    return;
  }
  for (const tag of value) if (!header.selectTags.includes(tag as string)) header.selectTags.push(tag as string);
}

function readLookupTags(schemas: SchemaSet, value: Json, path: Path, header: FileHeader, report: Report): void {
  if (value === null) return;
  if (!isObject(value)) {
    report(path, "'_info.default_lookup_tags' must be a mapping of sections");
    return;
  }
  for (const [kind, tags] of Object.entries(value)) {
    const schema = schemas.entities.get(kind);
    if (schema?.deck === undefined || schema.fields['tags'] === undefined) {
      const near = nearest(kind, schemas.entities.keys());
      report([...path, kind], `'${kind}' is no section whose entities have tags`, {
        at: 'key',
        ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
      });
    } else if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) {
      report([...path, kind], `the tags of '${kind}' must be a list of texts`);
    } else if (tags.length > 0) {
      header.lookupTags.set(kind, [...new Set([...(header.lookupTags.get(kind) ?? []), ...(tags as string[])])]);
    }
  }
}

function readShared(
  section: string,
  value: Json | undefined,
  source: SourceText,
  header: FileHeader,
  report: Report,
): void {
  if (value === undefined || value === null) return;
  if (!isObject(value)) {
    report([section], `'${section}' must be a mapping of names`);
    return;
  }
  const table = header.shared.get(section) ?? new Map<string, JsonObject>();
  header.shared.set(section, table);
  for (const [name, shared] of Object.entries(value)) {
    const path = [section, name];
    if (!isObject(shared)) report(path, `'${name}' must be a mapping`);
    else {
      const other = header.places.get(`${section} ${name}`);
      if (other === undefined) {
        table.set(name, shared);
        header.places.set(`${section} ${name}`, { source, path });
      } else if (!isEqual(table.get(name)!, shared)) {
        report(path, `'${name}' is given twice in '${section}', and not the same`, { at: 'key', other });
      }
    }
  }
}

/** Tags of the command line count as if the files had them, unless the files have others. */
export function agreeOnTags(
  flags: readonly string[],
  header: FileHeader,
  source: SourceText,
  problems: Problem[],
): void {
  if (flags.length === 0) return;
  const inFiles = header.selectTags;
  if (inFiles.length === 0) inFiles.push(...flags);
  else if (flags.length !== inFiles.length || !flags.every((tag) => inFiles.includes(tag))) {
    problems.push({
      source,
      path: ['_info', 'select_tags'],
      message: `the tags of the command line (${flags.join(', ')}) are not those of the files (${inFiles.join(', ')})`,
      hint: 'leave --select-tag out, or make both the same',
    });
  }
}
