// Colours by meaning. They are plain text wherever output is no terminal, or NO_COLOR or --no-color says so.

export interface Theme {
  create(text: string): string;
  update(text: string): string;
  delete(text: string): string;
  strong(text: string): string;
  error(text: string): string;
  warning(text: string): string;
  faint(text: string): string;
}

const same = (text: string): string => text;
const PLAIN: Theme = {
  create: same,
  update: same,
  delete: same,
  strong: same,
  error: same,
  warning: same,
  faint: same,
};

export async function createTheme(stream: { readonly isTTY?: boolean }, useColor: boolean): Promise<Theme> {
  const isForced = (process.env['FORCE_COLOR'] ?? '0') !== '0';
  if (!useColor || (process.env['NO_COLOR'] ?? '') !== '' || (stream.isTTY !== true && !isForced)) return PLAIN;
  const { default: chalk } = await import('chalk');
  return {
    create: chalk.green,
    update: chalk.yellow,
    delete: chalk.red,
    strong: chalk.bold,
    error: chalk.red,
    warning: chalk.yellow,
    faint: chalk.dim,
  };
}
