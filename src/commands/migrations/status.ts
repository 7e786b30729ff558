// gwctl migrations status: how far the tables of a database are.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { databaseFlag } from '../../cli/database.ts';
import { globalFlags } from '../../cli/flags.ts';

export default class MigrationsStatus extends BaseCommand {
  static override summary = "Show how far a database's tables are";
  static override description =
    `Lists the migrations that were executed and those that are pending, and changes nothing. Exits 1 when the database is
ahead of this program.`;
  static override aliases = ['migrations:list'];
  static override examples = [
    '<%= config.bin %> migrations status --database postgres://gwctl@db.internal/gwctl',
    '<%= config.bin %> migrations status --data /var/lib/gwctl --json',
  ];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override flags = {
    ...databaseFlag,
    json: Flags.boolean({ description: 'print one JSON object' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(MigrationsStatus);
    this.remember({});
    const { chooseLastingPlace } = await import('../../cli/database.ts');
    const place = await chooseLastingPlace(flags);
    const { readMigrationStatus, showPlace } = await import('../../store/administer.ts');
    const status = await readMigrationStatus(place);
    const isAhead = status.current > status.newest;
    if (isAhead) process.exitCode = 1;
    if (flags.json) {
      this.log(JSON.stringify({ database: showPlace(place), ...status }));
      return;
    }
    for (const name of status.executed) this.log(`executed ${name}`);
    for (const name of status.pending) this.log(`pending  ${name}`);
    this.log(describe(showPlace(place), status.pending.length, isAhead));
  }
}

function describe(place: string, pending: number, isAhead: boolean): string {
  if (isAhead) return `${place} is ahead: a newer gwctl has written it`;
  return pending === 0 ? `${place} is up to date` : `${place} needs \`gwctl migrations up\``;
}
