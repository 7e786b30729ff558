// gwctl serve: the whole gateway from state files.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { databaseFlag } from '../cli/database.ts';
import { globalFlags, stateArgument, stateFlag } from '../cli/flags.ts';

export default class Serve extends BaseCommand {
  static override summary = 'Run the gateway from state files';
  static override description =
    `Boots the proxy and the Admin API from state files. Changes by the Admin API take effect at once and are gone when the
process ends; the files are never written. Without a file the gateway starts empty.

With --data the configuration is kept in a directory, with --database in PostgreSQL, where several nodes share it. A file
fills a store that is empty; over one that holds something else it is written only with --replace. With --db-less the
Admin API cannot write single entities.

Properties of kong.conf come from the file that --conf names and from KONG_* variables, such as KONG_PROXY_LISTEN;
variables win over the file, flags over both. Port 0 picks a free port and prints it. SIGTERM, SIGINT and SIGQUIT let running requests end first; a second signal ends at once. SIGHUP loads the files again,
SIGUSR1 opens the logs again.`;
  static override examples = [
    '<%= config.bin %> serve gateway.yaml',
    '<%= config.bin %> serve gateway.yaml --watch',
    '<%= config.bin %> serve common.yaml team-a/ --proxy-listen 127.0.0.1:0 --admin-listen off',
    '<%= config.bin %> serve gateway.yaml --data /var/lib/gwctl',
    'KONG_PG_PASSWORD=… <%= config.bin %> serve --database postgres://gwctl@db.internal/gwctl',
    '<%= config.bin %> serve gateway.yaml --db-less',
    'KONG_TRUSTED_IPS=10.0.0.0/8 <%= config.bin %> serve gateway.yaml',
  ];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override args = { file: stateArgument };
  static override flags = {
    ...stateFlag,
    conf: Flags.string({ char: 'c', helpValue: 'FILE', description: 'kong.conf to read', env: 'KONG_CONF' }),
    'proxy-listen': Flags.string({
      helpValue: 'ADDRESS:PORT',
      description: 'where the proxy listens [default: 0.0.0.0:8000, and 0.0.0.0:8443 with TLS]',
    }),
    'admin-listen': Flags.string({
      helpValue: 'ADDRESS:PORT',
      description: 'where the Admin API listens, or off [default: 127.0.0.1:8001, and 127.0.0.1:8444 with TLS]',
    }),
    'admin-token': Flags.string({
      helpValue: 'TOKEN',
      description: 'what requests to the Admin API must carry in Kong-Admin-Token; better set KONG_ADMIN_TOKEN',
    }),
    'admin-insecure': Flags.boolean({
      description: 'let the Admin API listen beyond loopback without a token',
    }),
    'status-listen': Flags.string({
      helpValue: 'ADDRESS:PORT',
      description: 'where /status, /status/ready and /metrics are answered, or off [default: 127.0.0.1:8007]',
    }),
    'proxy-access-log': Flags.string({
      helpValue: 'FILE',
      description: 'where a line for each request goes, - for standard output, or off [default: -]',
    }),
    'access-log-format': Flags.string({
      helpValue: 'FORMAT',
      description: 'json, combined, kong, or a text with variables such as $remote_addr [default: json]',
    }),
    'error-log': Flags.string({ helpValue: 'FILE', description: 'where the log goes [default: standard error]' }),
    workers: Flags.string({ helpValue: 'N|auto', description: 'processes that serve requests [default: 1]' }),
    prefix: Flags.string({
      char: 'p',
      helpValue: 'DIR',
      description: 'directory of the file by which `reload` and `quit` find this process',
    }),
    plugins: Flags.string({
      helpValue: 'LIST',
      description: 'plugins to know: bundled, names, folders, packages, separated by commas [default: bundled]',
    }),
    'log-level': Flags.string({ helpValue: 'LEVEL', description: 'least severity that is logged [default: notice]' }),
    watch: Flags.boolean({ description: 'load the files, and plugins of your own, again whenever they change' }),
    ...databaseFlag,
    'db-less': Flags.boolean({
      description: 'read-only Admin API, configured by files and POST /config (KONG_DATABASE=off)',
      exclusive: ['data', 'database'],
    }),
    replace: Flags.boolean({ description: 'put the files in place of what the store holds' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Serve);
    this.remember({});
    const { ignoredNames, loadConfig } = await import('../config/load.ts');
    const { readConfFile } = await import('../config/conf-file.ts');
    const conf = flags.conf === undefined ? undefined : readConfFile(flags.conf);
    const { databaseFlags } = await import('../config/database.ts');
    const config = loadConfig(
      {
        proxy_listen: flags['proxy-listen'],
        admin_listen: flags['admin-listen'],
        admin_token: flags['admin-token'],
        admin_insecure: flags['admin-insecure'] ? 'on' : undefined,
        status_listen: flags['status-listen'],
        proxy_access_log: flags['proxy-access-log'],
        log_level: flags['log-level'],
        plugins: flags.plugins,
        nginx_worker_processes: flags.workers,
        access_log_format: flags['access-log-format'],
        proxy_error_log: flags['error-log'],
        prefix: flags.prefix,
        ...databaseFlags(flags['db-less'] ? 'off' : flags.database),
      },
      process.env,
      conf,
    );
    const { serve } = await import('../cli/serve/serve.ts');
    await serve({
      inputs: [...(args.file ?? []), ...(flags.state ?? [])],
      config,
      isWatching: flags.watch,
      remarks: ignoredNames(process.env, conf),
      data: flags.data,
      onOtherContent: flags.replace ? 'replace' : 'refuse',
    });
  }
}
