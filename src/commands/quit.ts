// gwctl quit: a running gateway ends once running requests are answered.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';

const DEFAULT_SECONDS = 15;

export default class Quit extends BaseCommand {
  static override summary = 'Let a running gateway end once running requests are answered';
  static override description =
    `Sends SIGQUIT to a \`gwctl serve\` on this machine: the one that was started with the same --prefix, or the one whose
Admin API is at --kong-addr. Waits until it has ended.`;
  static override examples = [
    '<%= config.bin %> quit --prefix /run/gwctl',
    '<%= config.bin %> quit --kong-addr http://127.0.0.1:8001 --wait 60',
  ];
  static override flags = {
    prefix: Flags.string({
      char: 'p',
      helpValue: 'DIR',
      description: 'directory that the gateway was started with',
      env: 'KONG_PREFIX',
    }),
    wait: Flags.integer({
      helpValue: 'SECONDS',
      min: 0,
      default: DEFAULT_SECONDS,
      description: 'how long to wait for its end; 0 for not at all',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Quit);
    this.remember(flags);
    const { findRunning, signal, untilEnded } = await import('../cli/running.ts');
    const pid = await findRunning(flags.prefix, async () => {
      const { openSession } = await import('../cli/gateway-session.ts');
      return (await openSession(flags, this.trace)).version.root;
    });
    signal(pid, 'SIGQUIT');
    if (flags.wait === 0) return this.log(`process ${pid} ends`);
    if (await untilEnded(pid, flags.wait * 1000)) return this.log(`process ${pid} has ended`);
    const { GwctlError } = await import('../lib/errors.ts');
    throw new GwctlError('E_USAGE', `process ${pid} still runs after ${flags.wait} s`, {
      hint: 'Wait longer with --wait, or end it with SIGKILL.',
    });
  }
}
