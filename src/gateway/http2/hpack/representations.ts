// How the fields of a header block begin (RFC 7541, 6): the bits that name the kind, and those that hold an index.

/** What a peer reserves for its table before it hears of our settings, and the most that we use of its (RFC 9113, 6.5.2). */
export const DEFAULT_TABLE_SIZE = 4096;

export const INDEXED = 0x80;
export const INDEXED_MASK = 0x7f;
export const WITH_INDEXING = 0x40;
export const WITH_INDEXING_MASK = 0x3f;
export const SIZE_UPDATE = 0x20;
export const SIZE_UPDATE_MASK = 0x1f;
export const NEVER_INDEXED = 0x10;
export const WITHOUT_INDEXING = 0;
export const LITERAL_MASK = 0x0f;
