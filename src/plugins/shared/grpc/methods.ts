// Where a plugin that speaks JSON finds its methods: the .proto file of its configuration, read once.
import { Codec } from './codec.ts';
import { loadProtos } from './proto-files.ts';
import type { ProtoMethod } from './proto-parser.ts';

export interface Methods {
  readonly codec: Codec;
  readonly all: readonly ProtoMethod[];
  /** By the path of a gRPC request. */
  find(path: string): ProtoMethod | undefined;
}

export const NO_PROTO = 'transcoding requests require a .proto file defining the service';

export function loadMethods(path: string): Methods {
  const protos = loadProtos(path);
  const byPath = new Map(protos.methods.map((method) => [pathOf(method), method]));
  return { codec: new Codec(protos), all: protos.methods, find: (name) => byPath.get(name) };
}

export const pathOf = ({ service, name }: ProtoMethod): string => `/${service}/${name}`;
