// gwctl gateway validate: validate, with the gateway as a judge too.
import Validate from '../validate.ts';

export default class GatewayValidate extends Validate {
  static override summary = 'Check state files, and let a gateway check them too';
  static override aliases: string[] = [];
  protected override readonly isOnline: boolean = true;
}
