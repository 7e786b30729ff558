// gwctl serve: the whole gateway from state files.
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { globalFlags, stateArgument, stateFlag } from '../cli/flags.ts';

export default class Serve extends BaseCommand {
  static override summary = 'Run the gateway from state files';
  static override description =
    `Boots the proxy and the Admin API from state files. Changes by the Admin API take effect at once and are gone when the
process ends; the files are never written. Without a file the gateway starts empty.

Properties of kong.conf come from KONG_* variables, such as KONG_PROXY_LISTEN; flags win over them. Port 0 picks a free
port and prints it. SIGTERM and SIGINT let running requests end first; a second signal ends at once.`;
  static override examples = [
    '<%= config.bin %> serve gateway.yaml',
    '<%= config.bin %> serve gateway.yaml --watch',
    '<%= config.bin %> serve common.yaml team-a/ --proxy-listen 127.0.0.1:0 --admin-listen off',
    'KONG_TRUSTED_IPS=10.0.0.0/8 <%= config.bin %> serve gateway.yaml',
  ];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override args = { file: stateArgument };
  static override flags = {
    ...stateFlag,
    'proxy-listen': Flags.string({
      helpValue: 'ADDRESS:PORT',
      description: 'where the proxy listens [default: 0.0.0.0:8000]',
    }),
    'admin-listen': Flags.string({
      helpValue: 'ADDRESS:PORT',
      description: 'where the Admin API listens, or off [default: 127.0.0.1:8001]',
    }),
    'proxy-access-log': Flags.string({
      helpValue: 'FILE',
      description: 'where a line for each request goes, - for standard output, or off [default: -]',
    }),
    'log-level': Flags.string({ helpValue: 'LEVEL', description: 'least severity that is logged [default: notice]' }),
    watch: Flags.boolean({ description: 'load the files again whenever they change' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Serve);
    this.remember({});
    const { loadConfig } = await import('../config/load.ts');
    const config = loadConfig(
      {
        proxy_listen: flags['proxy-listen'],
        admin_listen: flags['admin-listen'],
        proxy_access_log: flags['proxy-access-log'],
        log_level: flags['log-level'],
      },
      process.env,
    );
    const { serve } = await import('../cli/serve/serve.ts');
    await serve({ inputs: [...(args.file ?? []), ...(flags.state ?? [])], config, isWatching: flags.watch });
  }
}
