// A vault as a KongVault, which is of the whole cluster.
import { type ModelEntity, textField } from '../model.ts';
import { type Context, classAnnotation, isSet, KONG_ALPHA, metadata, nameOf } from './objects.ts';

export function addVault(context: Context, vault: ModelEntity): void {
  const { description, config, tags } = vault.fields;
  const [prefix, backend] = [textField(vault, 'prefix') ?? '', textField(vault, 'name') ?? ''];
  context.objects.push({
    apiVersion: KONG_ALPHA,
    kind: 'KongVault',
    metadata: metadata(nameOf(context, vault, 'KongVault', prefix), classAnnotation(context.options)),
    spec: {
      backend,
      prefix,
      ...(isSet(description) ? { description } : {}),
      ...(isSet(config) ? { config } : {}),
      ...(isSet(tags) ? { tags } : {}),
    },
  });
}
