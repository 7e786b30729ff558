// What a SQLite store and the thread that holds its file say to each other. Writes are answered in their order.
import type { Row } from '../rows.ts';
import type { StoredRow } from './database.ts';

export type ToWriter =
  | { readonly type: 'write'; readonly rows: readonly Row[]; readonly hash: string | undefined }
  | { readonly type: 'close' };

export type FromWriter =
  /** While the file is read. */
  | { readonly type: 'rows'; readonly rows: readonly StoredRow[] }
  | { readonly type: 'ready'; readonly hash: string | undefined }
  /** The file could not be opened; the thread ends. */
  | { readonly type: 'failed'; readonly message: string; readonly hint: string }
  | { readonly type: 'written' }
  /** Nothing of it was written. */
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'closed' };
