// The language that entity schemas and plugin definitions are written in: plain data in Kong's own vocabulary, from which
// types, validation, defaults, the Admin API and the file format all derive. Field order is the order of `/schemas`.
import type { Json, JsonLiteral, JsonObject } from '../lib/json.ts';

export interface Pattern {
  readonly pattern: RegExp;
  readonly err?: string;
}

interface CommonField {
  readonly description?: string;
  readonly required?: boolean;
  readonly default?: JsonLiteral;
  /** Made by the gateway when absent: an id, a random key, a timestamp. */
  readonly auto?: boolean;
  readonly unique?: boolean;
  readonly unique_across_ws?: boolean;
  readonly immutable?: boolean;
  /** `null` means "must be null" / "must not be null". */
  readonly eq?: JsonLiteral;
  readonly ne?: JsonLiteral;
  /** Replaces whatever message a validator of this field would give. */
  readonly err?: string;
  /** A `{vault://...}` reference is legal and skips the other validators. */
  readonly referenceable?: boolean;
  /** Secret: masked in every output of ours. */
  readonly encrypted?: boolean;
  readonly deprecation?: Deprecation;
  /** Not part of the entity's own row (certificates.snis); computed by the store, never compared. */
  readonly transient?: boolean;
  /** Left out of comparisons between file and gateway: the gateway computes it. */
  readonly computed?: boolean;
  /** Stored as a hash, always or when the named field beside it is true: what was written never equals what is read. */
  readonly hashed?: true | { readonly when: string };
  /** Of a hashed field: does the hash come from the written text? Undefined when that cannot be told. */
  readonly is_hash_of?: (stored: string, written: string, entity: JsonObject) => boolean | undefined;
}

export interface Deprecation {
  readonly message: string;
  readonly removal_in_version: string;
  /** Dotted paths of the fields that took over. */
  readonly replaced_with?: readonly string[];
}

interface Lengths {
  readonly len_eq?: number;
  readonly len_min?: number;
  readonly len_max?: number;
}

/** Checks a value that already passed the declarative validators; answers the message when it is wrong. */
export type CustomValidator<V> = (value: V) => string | undefined;

export interface StringField extends CommonField, Lengths {
  readonly type: 'string';
  readonly uuid?: boolean;
  readonly one_of?: readonly string[];
  readonly not_one_of?: readonly string[];
  readonly starts_with?: string;
  readonly is_regex?: boolean;
  readonly match?: RegExp;
  readonly not_match?: RegExp;
  readonly match_none?: readonly Pattern[];
  readonly match_all?: readonly Pattern[];
  readonly match_any?: { readonly patterns: readonly RegExp[]; readonly err?: string };
  readonly custom_validator?: CustomValidator<string>;
}

export interface NumberField extends CommonField {
  readonly type: 'number' | 'integer';
  readonly one_of?: readonly number[];
  readonly not_one_of?: readonly number[];
  readonly gt?: number;
  readonly timestamp?: boolean;
  readonly between?: readonly [number, number];
  readonly custom_validator?: CustomValidator<number>;
}

export interface BooleanField extends CommonField {
  readonly type: 'boolean';
}

export interface ListField extends CommonField, Lengths {
  readonly type: 'array' | 'set';
  readonly elements: Field;
  /** A list whose order says nothing: it is kept and answered, and makes no difference between two entities. */
  readonly unordered?: boolean;
  readonly contains?: JsonLiteral;
  readonly mutually_exclusive_subsets?: readonly (readonly string[])[];
  /** A view of child entities by one of their fields (certificates.snis): reads list them, writes replace them. */
  readonly children?: { readonly entity: string; readonly foreign: string; readonly key: string };
  readonly custom_validator?: CustomValidator<Json[]>;
}

export interface MapField extends CommonField, Lengths {
  readonly type: 'map';
  readonly keys: StringField;
  readonly values: Field;
}

export interface RecordField extends CommonField {
  readonly type: 'record';
  readonly fields: Fields;
  readonly entity_checks?: readonly EntityCheck[];
  readonly shorthand_fields?: Shorthands;
  /** Kinds of entities whose value may stand for this record; see `Overlay`. */
  readonly takes?: readonly string[];
  /** The real fields come from the subschema (plugins.config). */
  readonly abstract?: boolean;
  readonly custom_validator?: CustomValidator<JsonObject>;
}

export interface ForeignField extends CommonField {
  readonly type: 'foreign';
  readonly reference: string;
  readonly on_delete?: 'cascade';
  /** In state files: may children be written inside the parent, and how is a reference written outside of it? */
  readonly in_file?: { readonly nest?: boolean; readonly as?: 'text' | 'object' };
}

export type Field = StringField | NumberField | BooleanField | ListField | MapField | RecordField | ForeignField;
export type Fields = { readonly [name: string]: Field };

export interface Shorthand {
  readonly type: 'string' | 'integer' | 'number' | 'boolean';
  readonly len_min?: number;
  readonly deprecation?: Deprecation;
  /** The fields that this input stands for; `null` clears. Nested results merge into records. */
  readonly expand: (value: Json, entity: JsonObject) => JsonObject;
}
export type Shorthands = { readonly [name: string]: Shorthand };

/** A partial field: the validators of a condition, run on the value of a declared field. */
export type Matcher = {
  readonly required?: boolean;
  readonly eq?: JsonLiteral;
  readonly ne?: JsonLiteral;
  readonly one_of?: readonly (string | number)[];
  readonly not_one_of?: readonly (string | number)[];
  readonly gt?: number;
  readonly match?: RegExp;
  readonly match_any?: { readonly patterns: readonly RegExp[]; readonly err?: string };
  readonly len_eq?: number;
  readonly len_min?: number;
  readonly contains?: JsonLiteral;
  readonly elements?: Field;
  readonly custom_validator?: CustomValidator<never>;
};

export type EntityCheck =
  | {
      readonly check: 'conditional';
      readonly if_field: string;
      readonly if_match: Matcher;
      readonly then_field: string;
      readonly then_match: Matcher;
      readonly then_err?: string;
    }
  | {
      readonly check: 'conditional_at_least_one_of';
      readonly if_field: string;
      readonly if_match: Matcher;
      readonly then_at_least_one_of: readonly string[];
      readonly then_err?: string;
      readonly else_match?: Matcher;
      readonly else_then_at_least_one_of?: readonly string[];
      readonly else_then_err?: string;
    }
  | {
      readonly check: 'at_least_one_of' | 'only_one_of' | 'distinct' | 'mutually_required' | 'mutually_exclusive';
      readonly fields: readonly string[];
    }
  | {
      readonly check: 'custom_entity_check';
      readonly fields: readonly string[];
      /** Run it although its fields are wrong by themselves. */
      readonly run_with_invalid_fields?: true;
      /** Answers the message, or a tree of messages by field. */
      readonly run: (entity: JsonObject) => string | ErrorTree | undefined;
    };

/** Where a value is wrong: texts by field, `@entity` for the whole, arrays with null where an element is right. */
export type ErrorTree = { [field: string]: ErrorNode };
export type ErrorNode = string | ErrorTree | (ErrorNode | null)[];

/** What a plugin, a vault or a family of protocols adds to its entity. */
export interface Subschema {
  readonly fields: Fields;
  readonly entity_checks?: readonly EntityCheck[];
}

/** Replaces what a client wrote by what is stored: a password by its hash. Paths are dotted. */
export interface Transformation {
  /** Runs when the client sent all of these. */
  readonly input: readonly string[];
  /** Must be there as well: together they are set, or not at all. */
  readonly needs?: readonly string[];
  /** Answers the fields that change. */
  readonly on_write: (entity: JsonObject) => JsonObject;
}

/** A list field whose items `{id, path}` name entities with a value that takes the place of this entity's own at the path. */
export interface Overlay {
  readonly field: string;
  /** The other entity, its field with the value, and the one that tells its kind. */
  readonly entity: string;
  readonly value: string;
  readonly kind: string;
  /** The section that holds the links of all entities in files of DB-less mode, and its references to both sides. */
  readonly flat?: { readonly section: string; readonly owner: string; readonly other: string };
}

/** How an entity appears in state files, event lines and Admin API calls of the command line. */
export interface DeckForm {
  /** The word in event lines: `creating service foo`. */
  readonly kind: string;
  /** Natural keys in order of preference; an entity with the same one is the same entity. Default: the endpoint key. */
  readonly identity?: readonly (readonly string[])[];
  /** Fields that a file for a gateway must have though the gateway could make them: nobody would know what they became. */
  readonly requires?: readonly string[];
  /** Fields of which such a file must have one: without, the entity would be another after each sync. */
  readonly requires_one_of?: readonly string[];
  /** Field → what a value in a file stands for, where files may say it in more ways than the Admin API knows. */
  readonly accepts?: { readonly [field: string]: (value: Json) => Json };
  readonly label?: {
    readonly fields: readonly string[];
    /** Show only the last characters: the value is a secret. */
    readonly tail?: number;
    /** Called by the name of what this foreign field points to. */
    readonly of?: string;
    /** Foreign fields named after it: `for consumer bob`. */
    readonly for?: readonly string[];
    readonly otherwise?: string;
  };
  /** Listed under each parent only (`/upstreams/{id}/targets`): the foreign field. */
  readonly list_under?: string;
  /** Written under its parent (`/consumers/{id}/key-auth/{id}`): the foreign field. */
  readonly write_under?: string;
  /** Nothing but a pair of references: it has no endpoint of its own and its id is nobody's business. */
  readonly link?: LinkForm;
  /** Statuses of the list call that mean "this gateway has none". */
  readonly absent_on?: readonly number[];
}

export interface LinkForm {
  /** The foreign field below whose entity pairs are listed, made and taken away: `/consumer_groups/{id}/consumers`. */
  readonly under: string;
  /** The other foreign field. */
  readonly to: string;
  /** The collection there, and the key of the answer that lists it. */
  readonly collection: string;
  /** In state files: foreign field → key of the list of the others in its entity. The first is where a dump writes it. */
  readonly in_file: { readonly [field: string]: string };
}

export interface EntitySchema {
  readonly name: string;
  readonly describes: string;
  readonly primary_key: readonly string[];
  readonly endpoint_key?: string;
  readonly admin_api_name?: string;
  readonly admin_api_nested_name?: string;
  readonly generate_admin_api?: boolean;
  /** `/targets`, `/snis/{key}/certificate`: paths that the generic rules would give and Kong does not have. */
  readonly disabled_endpoints?: readonly string[];
  readonly workspaceable: boolean;
  readonly ttl?: boolean;
  readonly db_export?: boolean;
  readonly cache_key?: readonly string[];
  /** Further members of that tuple; while unset they do not show in keys, messages and ids. */
  readonly cache_key_extra?: readonly string[];
  readonly subschema_key?: string;
  readonly subschema_error?: string;
  readonly fields: Fields;
  /** Field that it does not have but others know → where it is, or what to do instead. */
  readonly fields_elsewhere?: { readonly [field: string]: string };
  readonly shorthand_fields?: Shorthands;
  readonly entity_checks?: readonly EntityCheck[];
  /** Named subschemas that belong to the entity itself; plugins add theirs through the registry. */
  readonly subschemas?: { readonly [name: string]: Subschema };
  /** Brings a value into its stored form before it is validated (targets: host:port). Answers an error text instead. */
  readonly normalize?: (entity: JsonObject) => ErrorTree | undefined;
  /** A key of its own in paths under its parent only (`/consumers/{c}/acls/{group}`). */
  readonly nested_key?: string;
  /** Fields by which the whole list can be asked for one entity: `/consumers?custom_id=x`. */
  readonly list_filters?: readonly string[];
  /** `update`: PUT changes what is there and makes nothing. */
  readonly put?: 'update';
  /** `read_first`: PATCH must see the entity to know which kind it is, and when there is none says no more than that. */
  readonly patch?: 'read_first';
  /** Children are listed the newest first, and offsets are positions. */
  readonly list_order?: 'newest';
  /** Judges what a client sent for a single entity before the schema can speak. */
  readonly before_write?: (entity: JsonObject) => ErrorTree | undefined;
  /** Rules about other entities, where single entities are written. */
  readonly relation_check?: (entity: Entity, read: EntityReader) => ErrorTree | undefined;
  /** Why it cannot be removed, beyond foreign keys. */
  readonly remove_check?: (entity: Entity, read: EntityReader) => string | undefined;
  /** Fields computed on every write from the others (ca_certificates.cert_digest). */
  readonly compute?: (entity: JsonObject) => JsonObject;
  readonly transformations?: readonly Transformation[];
  readonly overlay?: Overlay;
  /** Field → what a value in it, or each item of a list, was written as before format version 3.0 of state files. */
  readonly upgrade?: { readonly [field: string]: (value: Json) => Json };
  readonly deck?: DeckForm;
}

/** What checks of an entity may look at. */
export interface EntityReader {
  get(kind: string, id: string): Entity | undefined;
  list(kind: string): readonly Entity[];
  children(kind: string, field: string, parent: string): readonly Entity[];
}

/** Checks a schema literal at compile time and keeps its exact type. */
export const defineEntity = <const S extends EntitySchema>(schema: S): S => schema;

type InferField<F> = F extends { type: 'string'; one_of: readonly (infer U)[] }
  ? U
  : F extends { type: 'string' }
    ? string
    : F extends { type: 'number' | 'integer' }
      ? number
      : F extends { type: 'boolean' }
        ? boolean
        : F extends { type: 'array' | 'set'; elements: infer E }
          ? InferField<E>[]
          : F extends { type: 'map'; values: infer V }
            ? { [key: string]: InferField<V> }
            : F extends { type: 'record'; abstract: true }
              ? JsonObject
              : F extends { type: 'record'; fields: infer R extends Fields }
                ? InferFields<R>
                : F extends { type: 'foreign' }
                  ? { id: string }
                  : Json;

type IsNeverNull<F> = F extends { required: true } ? true : F extends { auto: true } ? true : false;

/** The stored form: every field present, null when unset. */
export type InferFields<R extends Fields> = {
  -readonly [K in keyof R]: IsNeverNull<R[K]> extends true ? InferField<R[K]> : InferField<R[K]> | null;
};

/** Any stored entity. Engines that walk schemas see nothing more specific than this. */
export type Entity = JsonObject & { id: string };
