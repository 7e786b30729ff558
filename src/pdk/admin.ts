// Endpoints that a plugin adds to the Admin API. They are there when the plugin is known to the gateway, whether or not an
// instance of it is configured.
import type { Json, JsonObject } from '../lib/json.ts';
import type { Entity } from '../schema/define.ts';
import type { Environment } from './environment.ts';

export interface PluginAdminRequest {
  /** Values of the `{parameters}` of the path, in order. */
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** The configured instances of this plugin, by id. */
  readonly instances: readonly PluginAdminInstance[];
}

/** An instance and what it runs with, so that an endpoint can do what its handler does. */
export interface PluginAdminInstance {
  readonly entity: Entity;
  open(): PluginAdminWork;
}

export interface PluginAdminWork {
  /** What references stand for is in their place. */
  readonly config: JsonObject;
  readonly environment: Environment;
}

export interface PluginAdminReply {
  readonly status: number;
  readonly body?: Json;
}

export interface PluginAdminRoute {
  /** Segments; one in braces is a parameter. */
  readonly path: readonly string[];
  readonly methods: Readonly<
    Record<string, (request: PluginAdminRequest) => PluginAdminReply | Promise<PluginAdminReply>>
  >;
  /** What each method does. */
  readonly describes: Readonly<Record<string, string>>;
}

export interface PluginAdminModule {
  readonly routes: readonly PluginAdminRoute[];
}
