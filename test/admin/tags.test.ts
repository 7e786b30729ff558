// `/tags` in pages: every row once, whatever is written or taken away between them.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Admin, startAdmin } from './rig.ts';

interface Page {
  readonly data: readonly { readonly tag: string; readonly entity_name: string; readonly entity_id: string }[];
  readonly next: string | null;
}

async function openTagged(context: TestContext): Promise<Admin> {
  const admin = await startAdmin();
  context.after(() => admin.close());
  for (const [kind, body] of [
    ['services', { name: 's1', host: 'a.test', tags: ['a', 'b'] }],
    ['services', { name: 's2', host: 'a.test', tags: ['b', 'a', 'c d'] }],
    ['consumers', { username: 'bob', tags: ['c d', 'a'] }],
    ['consumers', { username: 'eve' }],
  ] as const) {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    assert.equal((await fetch(`${admin.url}/${kind}`, init)).status, 201);
  }
  return admin;
}

const get = async ({ url }: Admin, path: string): Promise<Page> => (await (await fetch(url + path)).json()) as Page;

async function pages(admin: Admin, path: string): Promise<Page[]> {
  const all: Page[] = [];
  for (let next: string | null = path; next !== null; { next } = all.at(-1)!) all.push(await get(admin, next));
  return all;
}

for (const [path, count] of [
  ['/tags', 7],
  ['/tags/a', 3],
  ['/tags/c%20d', 2],
] as const) {
  test(`${path} gives the same rows at once and one by one`, async (context) => {
    const admin = await openTagged(context);
    const { data, next } = await get(admin, path);
    assert.deepEqual([data.length, next], [count, null]);
    const single = await pages(admin, `${path}?size=1`);
    assert.equal(single.length, count);
    assert.deepEqual(
      single.flatMap((page) => page.data),
      data,
    );
    assert.ok(single[0]!.next!.startsWith(`${path}?offset=`) && single[0]!.next!.endsWith('&size=1'), single[0]!.next!);
  });
}

test('what is gone since the last page takes nothing else with it', async (context) => {
  const admin = await openTagged(context);
  const { data } = await get(admin, '/tags');
  const [first] = await pages(admin, '/tags?size=1');
  const { entity_name, entity_id } = first!.data[0]!;
  assert.equal((await fetch(`${admin.url}/${entity_name}/${entity_id}`, { method: 'DELETE' })).status, 204);
  const rest = await pages(admin, first!.next!);
  assert.deepEqual(
    rest.flatMap((page) => page.data),
    data.filter((row) => row.entity_id !== entity_id),
  );
});
