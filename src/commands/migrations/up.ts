// gwctl migrations up: brings the tables of a database to the form that this program needs.
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { databaseFlag } from '../../cli/database.ts';
import { globalFlags } from '../../cli/flags.ts';

export default class MigrationsUp extends BaseCommand {
  static override summary = "Make or bring up to date a database's tables";
  static override description =
    `Runs the pending migrations, all of them or none. A gateway does the same when it starts; this command is for doing it
before, with a user that may make tables. The database comes from --data, from --database, or from KONG_DATABASE and
KONG_PG_*.`;
  static override aliases = ['migrations:bootstrap'];
  static override examples = [
    '<%= config.bin %> migrations up --database postgres://gwctl@db.internal/gwctl',
    'KONG_DATABASE=postgres KONG_PG_HOST=db.internal KONG_PG_PASSWORD=… <%= config.bin %> migrations up',
    '<%= config.bin %> migrations up --data /var/lib/gwctl',
  ];
  static override baseFlags = { 'no-color': globalFlags['no-color'], verbose: globalFlags.verbose } as never;
  static override flags = {
    ...databaseFlag,
    json: Flags.boolean({ description: 'print one JSON object' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(MigrationsUp);
    this.remember({});
    const { chooseLastingPlace } = await import('../../cli/database.ts');
    const place = await chooseLastingPlace(flags);
    const { migratePlace, showPlace } = await import('../../store/administer.ts');
    const executed = await migratePlace(place);
    if (flags.json) {
      this.log(JSON.stringify({ database: showPlace(place), executed }));
      return;
    }
    for (const name of executed) this.log(`executed ${name}`);
    this.log(executed.length === 0 ? `${showPlace(place)} is up to date` : `${showPlace(place)} is now up to date`);
  }
}
