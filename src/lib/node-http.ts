// Node's HTTP, asked for by name: an import statement would also load what stands behind its exports for browsers (fetch,
// WebSocket), 3 MB of memory and as much again of the executable that nobody here uses.
export const { createServer, METHODS, STATUS_CODES } = process.getBuiltinModule('node:http');
