export const compileTemplate = (_text: string): { ok: true } | { ok: false; reason: string } => ({ ok: true });
