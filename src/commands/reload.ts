// gwctl reload: a running gateway loads its files again.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';

export default class Reload extends BaseCommand {
  static override summary = 'Let a running gateway load its files again';
  static override description =
    `Sends SIGHUP to a \`gwctl serve\` on this machine: the one that was started with the same --prefix, or the one whose
Admin API is at --kong-addr. Files that are wrong are reported in its log and change nothing.`;
  static override examples = [
    '<%= config.bin %> reload --prefix /run/gwctl',
    '<%= config.bin %> reload --kong-addr http://127.0.0.1:8001',
  ];
  static override flags = {
    prefix: Flags.string({
      char: 'p',
      helpValue: 'DIR',
      description: 'directory that the gateway was started with',
      env: 'KONG_PREFIX',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Reload);
    this.remember(flags);
    const { findRunning, signal } = await import('../cli/running.ts');
    const pid = await findRunning(flags.prefix, async () => {
      const { openSession } = await import('../cli/gateway-session.ts');
      return (await openSession(flags, this.trace)).version.root;
    });
    signal(pid, 'SIGHUP');
    this.log(`process ${pid} loads its files again`);
  }
}
