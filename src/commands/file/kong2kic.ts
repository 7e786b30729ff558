// gwctl file kong2kic: a state file as objects for the Kong Ingress Controller.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { choose, inputFlag, localFlags, openModel } from '../../cli/edit-file.ts';
import { printable } from '../../cli/output/printable.ts';
import { outputFlag, writePrivate } from '../../cli/output-file.ts';

export default class FileKong2kic extends BaseCommand {
  static override summary = 'Turn a state file into objects for the Kong Ingress Controller';
  static override description =
    `Writes manifests for Kubernetes: a Service for each service, an HTTPRoute of the Gateway API for each route (an Ingress
with --ingress), KongPlugins, KongConsumers with Secrets for their credentials, and a KongUpstreamPolicy for each upstream
(a KongIngress for version 2 of the controller).

Only routes for http and https can be converted. The selector of a Service is a proposal: a state file does not know the
pods. What is left out is named on standard error. Variables of the environment are filled in.`;
  static override examples = [
    '<%= config.bin %> file kong2kic -s gateway.yaml -o manifests.yaml',
    '<%= config.bin %> file kong2kic -s gateway.yaml --ingress --class-name internal | kubectl apply -f -',
  ];
  static override baseFlags = localFlags;
  static override flags = {
    ...inputFlag,
    format: Flags.string({
      char: 'f',
      default: 'yaml',
      helpValue: 'yaml|json',
      description: 'how objects are written',
    }),
    'kic-version': Flags.option({
      options: ['2', '3'] as const,
      default: '3',
      description: 'major version of the controller',
    })(),
    'class-name': Flags.string({
      default: 'kong',
      helpValue: 'NAME',
      description: 'ingress class, and name of the Gateway',
    }),
    ingress: Flags.boolean({ description: 'Ingress objects in place of HTTPRoutes' }),
    ...outputFlag,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FileKong2kic);
    this.remember({});
    const format = choose('format', flags.format, ['yaml', 'json']);
    const entities = await openModel(flags.state);
    const [{ convertToKic }, { writeStateText }] = await Promise.all([
      import('../../control/transform/kic/convert.ts'),
      import('../../control/file/write.ts'),
    ]);
    const { objects, notes } = convertToKic(entities, {
      version: flags['kic-version'] === '2' ? 2 : 3,
      className: flags['class-name'],
      api: flags.ingress ? 'ingress' : 'gateway',
    });
    const texts = [];
    for (const object of objects) texts.push(await writeStateText(object, format));
    const text = format === 'json' ? texts.join('') : texts.map((item) => `${item}---\n`).join('');
    await writePrivate(flags['output-file'], text);
    for (const note of notes) process.stderr.write(`note: ${printable(note)}\n`);
  }
}
