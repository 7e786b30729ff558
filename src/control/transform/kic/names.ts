// Names that Kubernetes takes: lower case, digits and dashes, at most 63 characters. A longer one is cut and ends in a part of
// its own hash, so that two long names stay apart.
import { createHash } from 'node:crypto';

const LIMIT = 63;
const KEPT = 43;
const HASHED = 10;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export function kubernetesName(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '-')
    .replaceAll(/-{2,}/g, '-')
    .replaceAll(/^[-_]+|[-_]+$/g, '')
    .replaceAll('_', '-');
  return plain.length <= LIMIT ? plain : plain.slice(0, KEPT) + sha256(plain).slice(0, HASHED);
}
