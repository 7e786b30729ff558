// Values that other plugins offer to the templates of this request, by name: what templates call `shared`.
import type { Json } from '../../lib/json.ts';
import { slot } from '../../pdk/index.ts';

export const templateValues = slot<ReadonlyMap<string, Json>>('values for templates');
