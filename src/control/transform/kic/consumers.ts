// Consumers, their credentials as Secrets, their groups, and certificates as Secrets.
import type { Json, JsonObject } from '../../../lib/json.ts';
import { type ModelEntity, textField } from '../model.ts';
import { CONSUMER_GROUP, CREDENTIALS } from './kinds.ts';
import { kubernetesName, sha256 } from './names.ts';
import {
  addPlugins,
  annotation,
  type Context,
  classAnnotation,
  freeName,
  isSet,
  KONG,
  KONG_BETA,
  metadata,
  nameOf,
  tagsOf,
} from './objects.ts';

export function addConsumer(context: Context, consumer: ModelEntity): void {
  const username = textField(consumer, 'username');
  if (username === undefined) {
    context.notes.push('a consumer without a username is left out');
    return;
  }
  const credentials = consumer.children
    .filter(({ kind }) => CREDENTIALS.has(kind))
    .sort((a, b) => rank(a) - rank(b))
    .map((credential) => addCredential(context, credential, username));
  const plugins = addPlugins(context, consumer, username);
  const groups = consumer.members
    .filter(({ kind }) => kind === CONSUMER_GROUP.reference)
    .map(({ name, entity }) => (entity === undefined ? kubernetesName(name) : groupName(context, entity)));
  const customId = consumer.fields['custom_id'];
  context.objects.push({
    apiVersion: KONG,
    kind: 'KongConsumer',
    metadata: metadata(freeName(context, 'KongConsumer', username), annotations(context, consumer, plugins)),
    username,
    ...(isSet(customId) ? { custom_id: customId } : {}),
    ...(credentials.length > 0 ? { credentials } : {}),
    ...(groups.length > 0 ? { consumerGroups: groups } : {}),
  });
}

const rank = ({ kind }: ModelEntity): number => [...CREDENTIALS.keys()].indexOf(kind);

const annotations = (context: Context, entity: ModelEntity, plugins: readonly string[]): JsonObject => ({
  ...classAnnotation(context.options),
  ...tagsOf(entity),
  ...(plugins.length > 0 ? annotation('plugins', plugins.join(',')) : {}),
});

const groupName = (context: Context, group: ModelEntity): string =>
  nameOf(context, group, 'KongConsumerGroup', textField(group, 'name') ?? '');

export function addConsumerGroup(context: Context, group: ModelEntity): void {
  const plugins = addPlugins(context, group, textField(group, 'name') ?? '');
  context.objects.push({
    apiVersion: KONG_BETA,
    kind: 'KongConsumerGroup',
    metadata: metadata(groupName(context, group), annotations(context, group, plugins)),
  });
}

/** Fields that are about the entity and not about the credential. */
const OWN = ['tags', 'created_at', 'consumer', 'ttl'];

/** @returns the name of the Secret; a second one of a kind is numbered. */
function addCredential(context: Context, { kind, fields }: ModelEntity, username: string): string {
  const type = CREDENTIALS.get(kind)!;
  const data: JsonObject = {};
  for (const [key, value] of Object.entries(fields)) {
    if (OWN.includes(key) || !isSet(value) || (key === 'id' && type !== 'mtls-auth')) continue;
    data[key] = textOf(value);
  }
  if (context.options.version === 2) data['kongCredType'] = type;
  const name = freeName(context, 'Secret', `${type}-${username}`);
  const labels: JsonObject = context.options.version === 3 ? annotation('credential', type) : {};
  context.objects.push(secret(name, classAnnotation(context.options), labels, data, 'Opaque'));
  return name;
}

const textOf = (value: Json): string => (Array.isArray(value) ? value.join(',') : String(value));

const secret = (
  name: string,
  annotated: JsonObject,
  labels: JsonObject,
  stringData: JsonObject,
  type: string,
): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadata(name, annotated, labels),
  stringData,
  type,
});

export function addCertificate(context: Context, certificate: ModelEntity): void {
  const [cert, key] = [textField(certificate, 'cert') ?? '', textField(certificate, 'key') ?? ''];
  const annotated = { ...classAnnotation(context.options), ...tagsOf(certificate) };
  const name = freeName(context, 'Secret', `cert-${sha256(cert)}`);
  context.objects.push(secret(name, annotated, {}, { 'tls.crt': cert, 'tls.key': key }, 'kubernetes.io/tls'));
}

export function addCaCertificate(context: Context, certificate: ModelEntity): void {
  const cert = textField(certificate, 'cert') ?? '';
  const digest = textField(certificate, 'cert_digest');
  const id = textField(certificate, 'id');
  const annotated = { ...classAnnotation(context.options), ...tagsOf(certificate) };
  const data: JsonObject = {
    'ca.crt': cert,
    ...(digest === undefined ? {} : { 'ca.digest': digest }),
    // Without its id and the label the controller would not take it.
    ...(id === undefined ? {} : { id, cert }),
  };
  const labels: JsonObject = id === undefined ? {} : annotation('ca-cert', 'true');
  const name = freeName(context, 'Secret', `ca-cert-${sha256(cert)}`);
  context.objects.push(secret(name, annotated, labels, data, 'Opaque'));
}
