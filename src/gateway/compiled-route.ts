// A route ready to match: the stored entity with its service looked up. Its fields are read from the entity, not copied,
// because there may be a hundred thousand of them.
import type { Entity } from '../schema/define.ts';
import type { RouterRoute } from './router/router.ts';
import type { UpstreamSettings } from './snapshot.ts';

export class CompiledRoute implements RouterRoute {
  readonly entity: Entity;
  readonly service: Entity | undefined;
  readonly upstream: UpstreamSettings;
  /** For gRPC only. */
  readonly isGrpc: boolean;
  /** How log records show it and its service; made when it is first logged. */
  logged: Uint8Array | undefined = undefined;

  constructor(entity: Entity, service: Entity | undefined, upstream: UpstreamSettings) {
    this.entity = entity;
    this.service = service;
    this.upstream = upstream;
    this.isGrpc = this.protocols.includes('grpc') || this.protocols.includes('grpcs');
  }

  get id(): string {
    return this.entity.id;
  }

  get name(): RouterRoute['name'] {
    return fieldsOf(this.entity).name;
  }

  get protocols(): RouterRoute['protocols'] {
    return fieldsOf(this.entity).protocols;
  }

  get methods(): RouterRoute['methods'] {
    return fieldsOf(this.entity).methods;
  }

  get hosts(): RouterRoute['hosts'] {
    return fieldsOf(this.entity).hosts;
  }

  get headers(): RouterRoute['headers'] {
    return fieldsOf(this.entity).headers;
  }

  get paths(): RouterRoute['paths'] {
    return fieldsOf(this.entity).paths;
  }

  get snis(): RouterRoute['snis'] {
    return fieldsOf(this.entity).snis;
  }

  get sources(): RouterRoute['sources'] {
    return fieldsOf(this.entity).sources;
  }

  get destinations(): RouterRoute['destinations'] {
    return fieldsOf(this.entity).destinations;
  }

  get expression(): RouterRoute['expression'] {
    return fieldsOf(this.entity).expression;
  }

  get priority(): RouterRoute['priority'] {
    return fieldsOf(this.entity).priority;
  }

  get regex_priority(): RouterRoute['regex_priority'] {
    return fieldsOf(this.entity).regex_priority;
  }

  get strip_path(): RouterRoute['strip_path'] {
    return fieldsOf(this.entity).strip_path;
  }

  get preserve_host(): RouterRoute['preserve_host'] {
    return fieldsOf(this.entity).preserve_host;
  }

  get path_handling(): RouterRoute['path_handling'] {
    return fieldsOf(this.entity).path_handling;
  }

  get created_at(): RouterRoute['created_at'] {
    return fieldsOf(this.entity).created_at;
  }

  get https_redirect_status_code(): RouterRoute['https_redirect_status_code'] {
    return fieldsOf(this.entity).https_redirect_status_code;
  }
}

const fieldsOf = (entity: Entity): RouterRoute => entity as unknown as RouterRoute;
