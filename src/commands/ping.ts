// gwctl ping: is the Admin API there, and may we talk to it?
import { BaseCommand } from '../cli/base-command.ts';

export default class Ping extends BaseCommand {
  static override summary = 'Check the connection to the Admin API';
  static override description =
    'Connects to the Admin API with the given credentials and prints the version of the gateway.';
  static override aliases = ['gateway:ping'];
  static override examples = [
    '<%= config.bin %> ping',
    '<%= config.bin %> ping --kong-addr https://admin.example.com:8444 --ca-cert-file ca.pem',
  ];

  async run(): Promise<void> {
    const { flags } = await this.parse(Ping);
    this.remember(flags);
    const { openSession } = await import('../cli/gateway-session.ts');
    const { version } = await openSession(flags, this.trace);
    this.log('Successfully connected to Kong!');
    this.log(`Kong version:  ${version.text}`);
  }
}
