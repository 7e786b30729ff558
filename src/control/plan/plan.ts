// A plan: what has to be done so that one state becomes the other, in the order it can be done. Pure data: it can be
// printed, saved, refused and applied; apply needs nothing else.
import type { Entity } from '../../schema/define.ts';
import type { FieldChange } from './changes.ts';

interface Step {
  /** Name of the entity's schema. */
  readonly kind: string;
  /** How people call it: `bob`, `rate-limiting for route r1`. Holds no secret. */
  readonly label: string;
}

export type Operation =
  | (Step & { readonly action: 'create'; readonly after: Entity })
  | (Step & {
      readonly action: 'update';
      readonly before: Entity;
      readonly after: Entity;
      /** Never empty: an update that changes nothing is no update. */
      readonly changes: readonly FieldChange[];
    })
  | (Step & { readonly action: 'delete'; readonly before: Entity });

export interface PlanSummary {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
}

export interface Plan {
  /** Fingerprint of what the plan was made against: the touched entities as they were. */
  readonly base: string;
  /** One after the other; the operations of a stage may run at once. */
  readonly stages: readonly (readonly Operation[])[];
  readonly summary: PlanSummary;
}

export const operationsOf = (plan: Plan): Operation[] => plan.stages.flat();

export const isEmptyPlan = (plan: Plan): boolean => plan.stages.length === 0;
