// Files of the wrong shape: every engine either does its work or says what is wrong; none of them breaks.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createGrammar } from '../../../src/control/file/grammar.ts';
import { lintTree } from '../../../src/control/lint/lint.ts';
import { parseRuleset } from '../../../src/control/lint/ruleset.ts';
import { addPlugins, parseAdditions } from '../../../src/control/transform/add-plugins.ts';
import { CONVERSIONS } from '../../../src/control/transform/convert/conversions.ts';
import { reviewTree } from '../../../src/control/transform/convert/review.ts';
import { convertTree } from '../../../src/control/transform/convert/rewrite.ts';
import { formatTree } from '../../../src/control/transform/format.ts';
import { convertToKic } from '../../../src/control/transform/kic/convert.ts';
import { mergeTrees } from '../../../src/control/transform/merge.ts';
import { readModel } from '../../../src/control/transform/model.ts';
import { applyNamespace } from '../../../src/control/transform/namespace.ts';
import { convertOpenApi } from '../../../src/control/transform/openapi/convert.ts';
import { applyPatch, parsePatches } from '../../../src/control/transform/patch.ts';
import { addTags, removeTags } from '../../../src/control/transform/tags.ts';
import { writeTerraform } from '../../../src/control/transform/terraform/convert.ts';
import { openTree, type Tree, treeOf, writeTree } from '../../../src/control/transform/tree.ts';
import { entitiesOf } from '../../../src/control/transform/walk.ts';
import { createSchemas } from '../../../src/entities/registry.ts';
import type { Json, JsonObject } from '../../../src/lib/json.ts';
import { pluginSchemas } from '../../../src/plugins/schemas.ts';

const schemas = createSchemas(pluginSchemas);
const grammar = createGrammar(schemas);

/** Words that mean something somewhere, so that wrong values land where right ones are expected. */
const STATE_WORDS = [
  ...grammar.keys(),
  ...['name', 'id', 'tags', 'host', 'path', 'paths', 'url', 'protocol', 'strip_path', 'service', 'consumer', 'config'],
  ...['groups', 'partials', 'username', 'cert', 'key', 'headers', 'redis', 'namespace', '_format_version', '_info'],
];
const OPENAPI_WORDS = [
  ...[
    'openapi',
    'info',
    'title',
    'servers',
    'url',
    'variables',
    'paths',
    '/a',
    '/{b}/',
    'get',
    'post',
    'parameters',
    'in',
  ],
  ...[
    'name',
    'schema',
    'enum',
    'required',
    'requestBody',
    'content',
    'application/json',
    'components',
    'schemas',
    '$ref',
  ],
  ...[
    'security',
    'securitySchemes',
    'oidc',
    'type',
    'x-kong-name',
    'x-kong-tags',
    'x-kong-service-defaults',
    'targets',
  ],
  ...['x-kong-upstream-defaults', 'x-kong-route-defaults', 'x-kong-plugin-cors', 'x-kong-plugin-request-validator'],
];
const TEXTS = [
  'a',
  'cors',
  'rate-limiting-advanced',
  'https',
  '~/x',
  '/x(',
  'header',
  'path',
  'http://[',
  '#/components',
  '#/',
  '',
];

function documents(words: readonly string[]): fc.Arbitrary<JsonObject> {
  const value = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom<Json>(...TEXTS, null, true, 0, 1.5),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).value;
  return fc.dictionary(fc.constantFrom(...words), value, {
    maxKeys: 6,
    noNullPrototype: true,
  }) as fc.Arbitrary<JsonObject>;
}

const THEN = 'then';
const SOURCE = { name: 'x', text: '' };
const tree = (content: JsonObject): Tree => treeOf(SOURCE, structuredClone(content));
/** What an edit leaves behind must be a file again. */
async function check(edited: Tree): Promise<void> {
  assert.equal((await openTree({ name: 'x', text: writeTree(edited, 'yaml') })).ok, true);
}

describe('a state file of any shape', () => {
  it('can be edited', async () => {
    await fc.assert(
      fc.asyncProperty(documents(STATE_WORDS), documents(STATE_WORDS), async (content, other) => {
        const edited = tree(content);
        const entities = entitiesOf(grammar, edited).map(({ map }) => map);
        addTags(edited, entities, ['x']);
        removeTags(entities, { keepOnly: [] }, 'keep');
        applyPatch(edited, { selectors: ['$..*', 'services[*]'], values: { a: 1 }, remove: ['b'] });
        applyPatch(edited, { selectors: ['$..*'], values: [1], remove: [] });
        addPlugins(grammar, edited, { selectors: ['$', '$..*'], plugins: [{ name: 'cors' }], onExisting: 'replace' });
        applyNamespace(grammar, edited, { pathPrefix: '/p', hosts: ['h'], onHosts: 'replace' }, undefined);
        await check(edited);
        const merged = mergeTrees([edited, tree(other)]);
        if (merged.ok) await check(merged.tree);
      }),
      { numRuns: 300 },
    );
  });

  it('can be converted, or is refused with places', async () => {
    await fc.assert(
      fc.asyncProperty(documents(STATE_WORDS), async (content) => {
        for (const dialect of ['deck', 'dbless'] as const) {
          const formatted = tree(content);
          const problems = formatTree(grammar, formatted, dialect);
          if (problems.length === 0) await check(formatted);
        }
        for (const conversion of CONVERSIONS) {
          const converted = tree(content);
          await reviewTree(converted, conversion.to);
          if (convertTree(grammar, converted, conversion).ok) await check(converted);
        }
        const read = readModel(grammar, tree(content));
        if (!read.ok) return;
        writeTerraform(schemas, read.entities, { importInto: 'x', credentials: 'ignore-changes' });
        for (const api of ['gateway', 'ingress'] as const) {
          for (const version of [2, 3] as const) convertToKic(read.entities, { version, api, className: 'kong' });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('an OpenAPI document of any shape', () => {
  it('is converted or refused with places', () => {
    fc.assert(
      fc.property(documents(OPENAPI_WORDS), documents(OPENAPI_WORDS), (content, paths) => {
        const root = { ...content, openapi: '3.1.0', paths } as JsonObject;
        for (const style of ['deck', 'inso'] as const) {
          convertOpenApi(root, {
            name: undefined,
            tags: undefined,
            style,
            ids: 'make',
            security: 'report',
            byHeader: 'split',
            sameServers: 'reuse',
          });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('patches, plugin files and rulesets of any shape', () => {
  it('are read or refused with places', async () => {
    const words = [
      'patches',
      'add-plugins',
      'rules',
      'given',
      'then',
      'function',
      'functionOptions',
      'schema',
      'values',
    ];
    const more = [
      'selectors',
      'remove',
      'plugins',
      'name',
      'severity',
      'field',
      'match',
      'aliases',
      'properties',
      'min',
    ];
    await fc.assert(
      fc.asyncProperty(documents([...words, ...more]), documents(STATE_WORDS), async (content, state) => {
        parsePatches(SOURCE, content);
        parseAdditions(SOURCE, content);
        const any: Json = { given: '$..*', [THEN]: { function: 'truthy' } };
        const rules = parseRuleset({ source: SOURCE, content: { rules: { any, ...content } }, extended: [] });
        if (rules.ok) await lintTree(tree(state), rules.rules);
      }),
      { numRuns: 300 },
    );
  });
});
